// node --import: the process's clock jumps a day ahead, a day back behind the true one, and home again, at each SIGUSR2.
const day = 86_400_000
const jumps = [day, -day, 0]
let offset = 0
let next = 0
const now = Date.now
class JumpingDate extends Date {
  constructor(...args) {
    if (args.length === 0) super(now() + offset)
    else super(...args)
  }
  static now() {
    return now() + offset
  }
}
globalThis.Date = JumpingDate
process.on('SIGUSR2', () => {
  offset = jumps[next++ % jumps.length]
})
