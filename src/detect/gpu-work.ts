import type { Evidence } from '#model/finding.ts'
import { type DetectorInput, evidence } from './contract.ts'

export interface GpuWork {
  /** Shaders were set to work again and again, or more than once and for long. */
  worked: boolean
  /** Evidence of it, beside the shader's artifact; none where it did not work. */
  proof(shader: string): Evidence[]
}

/** The count is told at powers of two. */
const manyDispatches = 16
const longMs = 1_000

/**
 * Whether the GPU worked for the page. Its time is that of the browser's process, which other visits share: it says nothing of a page that set
 * nothing to work. Dispatches are the page's own.
 */
export function gpuWork(input: DetectorInput<'gpu', never>): GpuWork {
  const { items } = input.artifacts.gpu
  const dispatches = items.filter(({ type }) => type === 'dispatch').reduce((sum, { amount }) => sum + (amount ?? 1), 0)
  const time = items.findLast(({ type }) => type === 'process-time')
  const worked = dispatches >= manyDispatches || (dispatches >= 2 && (time?.amount ?? 0) >= longMs)
  return {
    worked,
    proof(shader) {
      if (!worked) return []
      return time === undefined
        ? [evidence(input, shader, 'whole visit', `the shader was dispatched ${dispatches} times`)]
        : [evidence(input, time.id, 'whole visit', `the GPU worked ${Math.round(time.amount ?? 0)} ms`)]
    },
  }
}
