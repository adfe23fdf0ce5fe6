import type { Finding } from '#model/finding.ts'
import type { HtmlFeatures } from '#derive/html/features.ts'
import { defineDetector, evidence } from '../contract.ts'

type Part = HtmlFeatures['miningPanel'][number]['part']

const controls: readonly Part[] = ['load', 'payee', 'pool']

/**
 * A page by which somebody runs a miner in his browser: named so, with buttons to start and stop, and fields for the share of the machine,
 * the account or the pool. What it runs decides; this says so where that code is not at hand.
 */
export const detector = defineDetector({
  meta: {
    id: 'miner-page',
    version: '1',
    title: 'Controls of a miner',
    kinds: ['mining'],
    limits: 'By names of controls in English. A page that steers miners elsewhere is left out only where all of its scripts are at hand.',
  },
  needs: { artifacts: ['script'], features: ['html', 'javascript'] },
  hiddenBy: [],
  detect(input) {
    // Scripts that are all at hand and could do no such work steer something else.
    const works = input.features.javascript.some(
      ({ features, runs }) => runs && (features.workers.constructed > 0 || features.wasm.instantiates || features.nonceLoop !== null),
    )
    const atHand = new Set(input.features.javascript.flatMap(({ artifacts }) => artifacts.map(({ url }) => url)))
    return input.features.html.flatMap((page): Finding[] => {
      const [artifact] = page.artifacts
      if (artifact === undefined || !page.runs) return []
      const parts = page.features.miningPanel
      const has = (part: Part): boolean => parts.some((known) => known.part === part)
      const fields = controls.filter(has).length
      const shown = fields + Number(has('rate'))
      // One button may do both: then more has to be there.
      if (!has('name') || !has('start') || fields === 0 || shown < (has('stop') ? 2 : 3)) return []
      const base = URL.parse(page.features.baseHref ?? '', artifact.url || input.finalUrl)?.href ?? input.finalUrl
      const absent = page.features.scripts.find(({ src, runs }) => src !== null && runs && !atHand.has(URL.parse(src, base)?.href ?? src))
      if (!works && absent === undefined) return []
      return [
        {
          detector: 'miner-page',
          kind: 'mining',
          weight: 'suspicion',
          family: page.features.miningFamily,
          service: null,
          account: null,
          title: 'Shows the controls of a miner',
          evidence: [
            ...parts
              .slice(0, 6)
              .map(({ part, text, line }) => evidence(input, artifact.id, line === 0 ? 'text' : `line ${line}`, `${said[part]} "${text}"`)),
            ...(absent === undefined
              ? []
              : [evidence(input, artifact.id, `line ${absent.line}`, `its script ${absent.src!.slice(0, 160)} is not at hand`)]),
          ],
        },
      ]
    })
  },
})

const said: Readonly<Record<Part, string>> = {
  name: 'is named',
  start: 'a button starts:',
  stop: 'a button stops:',
  load: 'a field for the share of the machine:',
  payee: 'a field for who is paid:',
  pool: 'a field for the pool:',
  rate: 'shows hashes:',
}
