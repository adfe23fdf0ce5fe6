/** Ends the process at once: sockets of a lab or a pool of children must not keep a finished command alive. */
export function exit(code: number): never {
  process.exit(code)
}
