import { readFileSync } from 'node:fs'
import { type Dataset, File, type Group } from 'jsfive'
import type { Peer } from './peer.ts'

/**
 * MINOS (Naseem et al., NDSS 2021): a module as a grey picture of 100 × 100, through a small convolutional network. The weights are those that
 * ASSERT-KTH published with their work on evasion (`oracles/minos/original23.h5`, Keras); the authors' own were not published.
 */
export function minos(weightsFile: string): Peer {
  const bytes = readFileSync(weightsFile)
  const file = new File(Uint8Array.from(bytes).buffer, 'weights')
  const of = (layer: string, what: string): Float32Array =>
    Float32Array.from((file.get(`model_weights/${layer}/${layer}/${what}:0`) as Dataset).value)
  const layers = (file.get('model_weights') as Group).keys
  const convolutions = layers
    .filter((name) => name.startsWith('conv2d'))
    .sort()
    .map((name) => ({ kernel: of(name, 'kernel'), bias: of(name, 'bias') }))
  const dense = layers.find((name) => name.startsWith('dense')) ?? 'dense'
  const kernel = of(dense, 'kernel')
  const bias = of(dense, 'bias')
  return {
    name: 'MINOS, weights of ASSERT-KTH',
    reads: 'module',
    flags(sample) {
      const picture = pictureOf(sample.bytes())
      if (picture === null) return null
      let plane = { side: 100, channels: 1, values: picture }
      for (const one of convolutions) plane = halved(convolved(plane, one))
      const sums = [bias[0] ?? 0, bias[1] ?? 0]
      for (const [at, value] of plane.values.entries()) {
        sums[0]! += value * kernel[at * 2]!
        sums[1]! += value * kernel[at * 2 + 1]!
      }
      // Its classes are `MALIGN`, `BENIGN`.
      return sums[0]! > sums[1]!
    },
  }
}

interface Plane {
  side: number
  channels: number
  values: Float32Array
}

/** 3 × 3, no padding, ReLU; kernels are laid out by row, column, channel in, channel out. */
function convolved({ side, channels, values }: Plane, { kernel, bias }: { kernel: Float32Array; bias: Float32Array }): Plane {
  const out = bias.length
  const width = side - 2
  const result = new Float32Array(width * width * out)
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * out
      result.set(bias, at)
      for (let dy = 0; dy < 3; dy++) {
        for (let dx = 0; dx < 3; dx++) {
          const from = ((y + dy) * side + x + dx) * channels
          for (let channel = 0; channel < channels; channel++) {
            const value = values[from + channel]!
            if (value === 0) continue
            const row = ((dy * 3 + dx) * channels + channel) * out
            for (let to = 0; to < out; to++) result[at + to]! += value * kernel[row + to]!
          }
        }
      }
      for (let to = at; to < at + out; to++) if (result[to]! < 0) result[to] = 0
    }
  }
  return { side: width, channels: out, values: result }
}

function halved({ side, channels, values }: Plane): Plane {
  const width = side >> 1
  const result = new Float32Array(width * width * channels)
  for (let y = 0; y < width; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) {
        const at = (row: number, column: number): number => values[((2 * y + row) * side + 2 * x + column) * channels + channel]!
        result[(y * width + x) * channels + channel] = Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1))
      }
  return { side: width, channels, values: result }
}

const size = 100

/** Octets in rows as long as they are many, scaled as Pillow does by default (bicubic, widened where it shrinks). Null where nothing is there. */
function pictureOf(bytes: Uint8Array): Float32Array | null {
  const width = Math.floor(Math.sqrt(bytes.length))
  if (width === 0) return null
  const height = Math.floor(bytes.length / width)
  const columns = weightsFor(width)
  const narrow = new Float32Array(size * height)
  for (let y = 0; y < height; y++)
    for (const [x, { from, weights }] of columns.entries()) {
      let sum = 0
      for (const [at, weight] of weights.entries()) sum += weight * bytes[y * width + from + at]!
      narrow[y * size + x] = octet(sum)
    }
  const result = new Float32Array(size * size)
  for (const [y, { from, weights }] of weightsFor(height).entries())
    for (let x = 0; x < size; x++) {
      let sum = 0
      for (const [at, weight] of weights.entries()) sum += weight * narrow[(from + at) * size + x]!
      result[y * size + x] = octet(sum) / 255
    }
  return result
}

const octet = (value: number): number => Math.max(0, Math.min(255, Math.round(value)))

function weightsFor(length: number): { from: number; weights: number[] }[] {
  const scale = length / size
  const filter = Math.max(1, scale)
  return Array.from({ length: size }, (_, at) => {
    const centre = (at + 0.5) * scale
    const from = Math.max(0, Math.floor(centre - 2 * filter + 0.5))
    const to = Math.min(length, Math.floor(centre + 2 * filter + 0.5))
    const weights = Array.from({ length: to - from }, (__, index) => bicubic((from + index - centre + 0.5) / filter))
    const sum = weights.reduce((total, weight) => total + weight, 0) || 1
    return { from, weights: weights.map((weight) => weight / sum) }
  })
}

function bicubic(at: number): number {
  const x = Math.abs(at)
  const a = -0.5
  return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}
