/** Holm, S. (1979), Scandinavian Journal of Statistics 6, 65–70: the chance of any false one stays under the level. In the order given. */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!)
  const adjusted = new Array<number>(values.length)
  let highest = 0
  order.forEach((at, rank) => {
    highest = Math.max(highest, Math.min(1, values[at]! * (values.length - rank)))
    adjusted[at] = highest
  })
  return adjusted
}

/** Benjamini, Y. and Hochberg, Y. (1995), JRSS B 57, 289–300: the expected share of false ones stays under the level. */
export function benjaminiHochberg(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[b]! - values[a]!)
  const adjusted = new Array<number>(values.length)
  let lowest = 1
  order.forEach((at, rank) => {
    lowest = Math.min(lowest, (values[at]! * values.length) / (values.length - rank))
    adjusted[at] = lowest
  })
  return adjusted
}
