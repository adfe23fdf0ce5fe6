/** A WebGPU shader's source, by the constants that it reaches. */
export interface WgslFeatures {
  entryPoints: { name: string; stage: 'compute' | 'vertex' | 'fragment'; line: number }[]
  cores: { family: string; purpose: 'mining-core' | 'hash-function'; marks: string[]; line: number }[]
  /** A compute shader that compares a digest with a target and writes out a nonce. */
  nonceLoop: number | null
}
