import type { Evidence, Finding } from '#model/finding.ts'
import { type DetectorInput, defineDetector, evidence } from '../contract.ts'
import { coreLoad, isWorker, steadyLoad } from '../load.ts'

/**
 * Hashing seen: threads at a steady load on a page that delivers a miner or speaks to a pool. Load alone says nothing, and is
 * reported by nobody: a chess engine works as hard.
 */
export const detector = defineDetector({
  meta: {
    id: 'thread-load',
    version: '5',
    title: 'Threads that hash',
    kinds: ['mining'],
    limits: 'On the page’s own thread only where its hottest code is WebAssembly or the miner’s; a crowded machine distorts shares.',
  },
  needs: { artifacts: ['cpu', 'worker', 'script', 'wasm'], features: [], findings: true },
  hiddenBy: [],
  detect(input) {
    const joined = input.findings.find(
      (finding) =>
        finding.kind === 'mining' &&
        (finding.weight === 'delivered' || finding.weight === 'pool-contact' || finding.weight === 'hashing') &&
        finding.asksFirst !== true,
    )
    const asked = input.findings.find((finding) => finding.kind === 'mining' && finding.asksFirst === true)
    const cause = joined ?? asked
    if (cause === undefined) return []
    const cited = new Set(
      input.findings.filter((finding) => finding.kind === 'mining').flatMap((finding) => finding.evidence.map(({ artifact }) => artifact)),
    )
    const proof: Evidence[] = []
    const threads: string[] = []
    // The code itself: what a finding calls a hash core, by the artifact that holds it.
    const named = new Set(
      input.findings
        .filter((finding) => finding.kind === 'mining' && finding.weight === 'delivered' && finding.detector.endsWith('-hash-core'))
        .flatMap((finding) => finding.evidence.map(({ artifact }) => artifact)),
    )
    const bodies = new Set(carriers(input).flatMap(({ id, digest }) => (named.has(id) && digest !== null ? [digest] : [])))
    const cores = new Set([...named, ...carriers(input).flatMap(({ id, digest }) => (digest !== null && bodies.has(digest) ? [id] : []))])
    for (const cpu of input.artifacts.cpu.items) {
      const hot = cpu.hottest.filter((code) => code.wasm || (code.scriptId !== undefined && cited.has(code.scriptId)))
      const share = hot.reduce((sum, code) => sum + code.share, 0)
      const load = steadyLoad(cpu) ?? coreLoad(cpu, cores)
      if (load === null) continue
      if (!isWorker(cpu) && share < 0.4) continue
      const where =
        hot[0] === undefined
          ? ''
          : `; hottest in ${hot[0].wasm ? 'WebAssembly' : hot[0].url.slice(0, 100)}${hot[0].functionName === '' ? '' : ` (${hot[0].functionName.slice(0, 60)})`}`
      threads.push(cpu.targetId)
      proof.push(
        evidence(
          input,
          cpu.id,
          `${Math.round(load.fromMs)}–${Math.round(load.toMs)} ms`,
          `${cpu.thread} at ${Math.round(load.share * 100)} % of a core, ${load.form === 'full' ? 'near a whole one' : load.form === 'steady' ? 'steadily below it' : 'in the hash core'}${where}`,
        ),
      )
    }
    if (proof.length === 0) return []
    const finding: Finding = {
      detector: 'thread-load',
      kind: 'mining',
      weight: 'hashing',
      family: familyOf(input.findings),
      service: cause.service,
      account: null,
      title: proof.length === 1 ? 'A thread hashes' : `${proof.length} threads hash`,
      evidence: [...proof.slice(0, 16), ...cause.evidence.slice(0, 1)],
    }
    return [finding]
  },
})

/** Functions that coins are mined by alone; a cipher is never one. */
const minedHash = /^(?:cryptonight|sha-?1|sha-?256|sha-?512|scrypt|keccak|blake\w*|argon2\w*|skein|groestl)$/i

/** The algorithm that the code is; else what the pool calls it; else a lone hash beside it. Threads that hash by nobody knows what have an unknown core. */
function familyOf(findings: readonly Finding[]): string {
  const mining = findings.filter(({ kind, family }) => kind === 'mining' && family !== null)
  const named = mining.find(({ weight }) => weight === 'delivered') ?? mining[0]
  const others = findings.filter(({ kind }) => kind === 'proof-of-work' || kind === 'crypto-library')
  const hashes = new Set(others.flatMap(({ family }) => family?.split(', ') ?? []).filter((family) => minedHash.test(family)))
  const [only] = hashes
  return named?.family ?? (hashes.size === 1 && only !== undefined ? only : 'unknown-core')
}

/** Every worker compiles the module for itself, and evidence names the first. */
function carriers(input: DetectorInput<'script' | 'wasm', never>): { id: string; digest: string | null }[] {
  return [...input.artifacts.wasm.items, ...input.artifacts.script.items].map(({ id, body }) => ({
    id,
    digest: body.status === 'stored' ? body.digest : null,
  }))
}
