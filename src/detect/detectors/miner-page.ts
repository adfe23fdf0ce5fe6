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
    version: '2',
    title: 'Controls of a miner',
    kinds: ['mining'],
    limits:
      'By names of controls in English, and of files. A page that steers miners elsewhere is left out only where all of its scripts are at hand.',
  },
  needs: { artifacts: ['script'], features: ['html', 'javascript'] },
  hiddenBy: [],
  detect(input) {
    // Scripts that are all at hand and could do no such work steer something else.
    const works = input.features.javascript.some(
      ({ features, runs }) => runs && (features.workers.constructed > 0 || features.wasm.instantiates || features.nonceLoop !== null),
    )
    const makesPages = input.features.javascript.some(({ features, runs }) => runs && features.minerPages.length > 0)
    const declared = new Set(input.features.javascript.flatMap(({ features }) => features.minerFunctions))
    const starter = input.features.javascript
      .flatMap(({ features, runs }) => (runs ? features.calls : []))
      .find(({ name }) => starts.test(name) && !declared.has(name))
    const atHand = new Set(input.features.javascript.flatMap(({ artifacts }) => artifacts.map(({ url }) => url)))
    return input.features.html.flatMap((page): Finding[] => {
      const [artifact] = page.artifacts
      if (artifact === undefined || !page.runs) return []
      const parts = page.features.miningPanel
      const has = (part: Part): boolean => parts.some((known) => known.part === part)
      const fields = controls.filter(has).length
      const shown = fields + Number(has('rate'))
      const base = URL.parse(page.features.baseHref ?? '', artifact.url || input.finalUrl)?.href ?? input.finalUrl
      const missing = page.features.scripts.filter(
        ({ src, runs }) => src !== null && runs && !atHand.has(URL.parse(src, base)?.href ?? src),
      )
      const minerFile = missing.find(({ src }) => minerScript.test(fileOf(src!)))
      const absent = minerFile ?? missing[0]
      // One button may do both: then more has to be there.
      const isPanel = has('name') && has('start') && fields > 0 && shown >= (has('stop') ? 2 : 3)
      // One whose script is named after a miner, or that starts one, has to show less of it.
      const steers = has('load') || shown >= 2
      const isStart = absent !== undefined && steers && (minerFile !== undefined || starter !== undefined)
      if (!(isPanel && (works || makesPages || absent !== undefined)) && !isStart) return []
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
            ...(starter === undefined ? [] : [evidence(input, artifact.id, 'a script', `calls ${starter.name.slice(0, 80)}`)]),
            ...(absent === undefined
              ? []
              : [evidence(input, artifact.id, `line ${absent.line}`, `its script ${absent.src!.slice(0, 160)} is not at hand`)]),
          ],
        },
      ]
    })
  },
})

/** Files that are named after a miner, or after a hash that only coins use. */
const minerScript =
  /(?:^|[^a-z])(?:(?:[a-z]{1,12}[-_.]?)?miner|(?:web|xmr|monero|coin|crypto|cpu|browser)[-_.]?mining|cryptonight|randomx|yescrypt|yespower|verushash|ghostrider)(?![a-z])/i
const starts = /(?:^|\.)(?:start|begin|run)_?(?:web)?_?min(?:ing|er)$/i

/** The file's own name, without what is asked of it. */
function fileOf(src: string): string {
  return src.replace(/[?#].*$/, '').replace(/^.*\//, '')
}

const said: Readonly<Record<Part, string>> = {
  name: 'is named',
  start: 'a button starts:',
  stop: 'a button stops:',
  load: 'a field for the share of the machine:',
  payee: 'a field for who is paid:',
  pool: 'a field for the pool:',
  rate: 'shows hashes:',
}
