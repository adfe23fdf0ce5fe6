import type { CoreKind, HashCore } from '#derive/wasm/hash-cores.ts'
import type { Finding, Weight } from '#model/finding.ts'
import type { DetectorInput } from './contract.ts'
import { hashCores } from '#derive/wasm/hash-cores.ts'
import { evidence } from './contract.ts'

/** One finding for every module that the page runs and whose code is of this kind. */
export function wasmFindings(
  input: DetectorInput<'wasm', 'wasm'>,
  detector: string,
  kind: CoreKind,
  weight: Weight,
  titleOf: (core: HashCore) => string,
): Finding[] {
  return input.features.wasm.flatMap((module): Finding[] => {
    const artifact = module.artifacts[0]
    if (artifact === undefined || !module.runs) return []
    const core = hashCores(module.features)
    if (core === null || core.kind !== kind) return []
    return [
      {
        detector,
        kind,
        weight,
        family: core.family,
        service: null,
        account: null,
        title: titleOf(core),
        evidence: core.reasons.map(({ functionIndex, text }) =>
          evidence(
            input,
            artifact.id,
            [
              ...module.within,
              functionIndex === null ? `the module (rule ${core.rule})` : `function ${functionIndex} (rule ${core.rule})`,
            ].join(', '),
            `${functionIndex === null ? 'The module' : 'It'} ${text}.`,
          ),
        ),
      },
    ]
  })
}
