/** What of jStat is used here; the package has no types of its own. */
declare module 'jstat' {
  const library: {
    normal: { cdf(x: number, mean: number, std: number): number; inv(p: number, mean: number, std: number): number }
    chisquare: { cdf(x: number, dof: number): number }
    beta: { inv(p: number, alpha: number, beta: number): number }
    gammap(a: number, x: number): number
  }
  export default library
}
