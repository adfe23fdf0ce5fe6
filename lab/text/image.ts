import { crc32, deflateSync } from 'node:zlib'
import type { Random } from '../random.ts'

/** A PNG of coloured bands (https://www.w3.org/TR/png-3/). */
export function png(random: Random, width: number, height: number): Uint8Array {
  const rows = Buffer.alloc(height * (1 + width * 3))
  let colour = [random.int(0, 255), random.int(0, 255), random.int(0, 255)]
  for (let y = 0; y < height; y++) {
    if (random.chance(0.1)) colour = [random.int(0, 255), random.int(0, 255), random.int(0, 255)]
    for (let x = 0; x < width; x++) rows.set([(colour[0] ?? 0) ^ (x & 7), colour[1] ?? 0, colour[2] ?? 0], y * (1 + width * 3) + 1 + x * 3)
  }
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data])
    const framed = Buffer.alloc(body.length + 8)
    framed.writeUInt32BE(data.length)
    body.copy(framed, 4)
    framed.writeUInt32BE(crc32(body), body.length + 4)
    return framed
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ])
}
