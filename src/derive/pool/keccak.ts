/**
 * Keccak-256 with the original padding (0x01), as CryptoNote uses it for addresses: not SHA3-256.
 * Source: https://keccak.team/keccak_specs_summary.html. For short inputs; lanes are BigInt.
 */
export function keccak256(input: Uint8Array): Uint8Array {
  const rate = 136
  const padded = new Uint8Array(Math.floor(input.length / rate + 1) * rate)
  padded.set(input)
  padded[input.length] = 0x01
  padded[padded.length - 1]! |= 0x80
  const state = new Array<bigint>(25).fill(0n)
  const view = new DataView(padded.buffer)
  for (let block = 0; block < padded.length; block += rate) {
    for (let lane = 0; lane < rate / 8; lane++) state[lane] = state[lane]! ^ view.getBigUint64(block + lane * 8, true)
    permute(state)
  }
  const out = new Uint8Array(32)
  const outView = new DataView(out.buffer)
  for (let lane = 0; lane < 4; lane++) outView.setBigUint64(lane * 8, state[lane]!, true)
  return out
}

const mask = (1n << 64n) - 1n
const rotate = (value: bigint, by: number): bigint => (by === 0 ? value : ((value << BigInt(by)) | (value >> BigInt(64 - by))) & mask)

// The round constants are the output of an LFSR (x^8 + x^6 + x^5 + x^4 + 1); the rotations are triangular numbers along a walk.
const roundConstants: bigint[] = []
const rotations = new Array<number>(25).fill(0)
{
  let lfsr = 1
  for (let round = 0; round < 24; round++) {
    let constant = 0n
    for (let bit = 0; bit < 7; bit++) {
      if (lfsr & 1) constant ^= 1n << BigInt((1 << bit) - 1)
      lfsr = lfsr & 0x80 ? ((lfsr << 1) ^ 0x171) & 0xff : lfsr << 1
    }
    roundConstants.push(constant)
  }
  let x = 1
  let y = 0
  for (let step = 0; step < 24; step++) {
    rotations[x + 5 * y] = (((step + 1) * (step + 2)) / 2) % 64
    ;[x, y] = [y, (2 * x + 3 * y) % 5]
  }
}

function permute(lanes: bigint[]): void {
  for (const constant of roundConstants) {
    const parity = [0, 1, 2, 3, 4].map((x) => lanes[x]! ^ lanes[x + 5]! ^ lanes[x + 10]! ^ lanes[x + 15]! ^ lanes[x + 20]!)
    for (let x = 0; x < 5; x++) {
      const change = parity[(x + 4) % 5]! ^ rotate(parity[(x + 1) % 5]!, 1)
      for (let y = 0; y < 25; y += 5) lanes[x + y] = lanes[x + y]! ^ change
    }
    const moved = new Array<bigint>(25).fill(0n)
    for (let x = 0; x < 5; x++)
      for (let y = 0; y < 5; y++) moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(lanes[x + 5 * y]!, rotations[x + 5 * y]!)
    for (let x = 0; x < 5; x++)
      for (let y = 0; y < 5; y++)
        lanes[x + 5 * y] = moved[x + 5 * y]! ^ (~moved[((x + 1) % 5) + 5 * y]! & mask & moved[((x + 2) % 5) + 5 * y]!)
    lanes[0] = lanes[0]! ^ constant
  }
}
