/**
 * The lab's truth against the whole line:
 *
 *   npm run figures -- --seed 7 --policy ignore --jobs 2 [--only WORD]… [--dwell MS] [--profile NAME] [--user-agent TEXT] [--out DIR] [--all]
 *
 * Starts a lab, visits its sites as `assay scan` does and prints every answer that is not as the truth says. Exits 1 where there is one.
 * Under `accept` and `reject` only the sites that ask something are visited.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figure, describe, explain, selected, totalsLine, totalsOf, visitLab } from '../src/app/testing/lab-figures.ts'
import { siteSelections, startLab } from '../lab/start.ts'
import { profiles, type ProfileName } from '../src/capture/visit-options.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '7' },
    sites: { type: 'string', default: 'all' },
    policy: { type: 'string', multiple: true, default: ['ignore'] },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string', multiple: true, default: [] },
    dwell: { type: 'string' },
    profile: { type: 'string', default: 'standard' },
    'user-agent': { type: 'string' },
    out: { type: 'string' },
    all: { type: 'boolean', default: false },
  },
})
const isProfile = (name: string): name is ProfileName => name in profiles
const sites = siteSelections.find((name) => name === values.sites)
if (sites === undefined || !isProfile(values.profile)) throw new Error('no such --sites or --profile')

const dir = await mkdtemp(join(tmpdir(), 'assay-figures-'))
const labDir = join(dir, 'lab')
const lab = await startLab({ dir: labDir, seed: Number(values.seed), sites })
let wrong = 0
try {
  const chosen = selected(lab, values.only)
  const asking = chosen.filter(({ asking: how }) => how !== null && how !== 'none')
  for (const policy of (['ignore', 'accept', 'reject'] as const).filter((name) => values.policy.includes(name))) {
    const started = performance.now()
    const truths = policy === 'ignore' ? chosen : asking
    console.log(`seed ${values.seed}, consent ${policy}, ${values.jobs} at a time, ${truths.length} sites`)
    let done = 0
    const visits = {
      labDir,
      out: values.out ?? join(dir, 'out'),
      policy,
      truths,
      jobs: Number(values.jobs),
      profile: values.profile,
      dwellMs: values.dwell === undefined ? null : Number(values.dwell),
      userAgent: values['user-agent'] ?? null,
      onFigure: (figure: Figure): void => {
        done++
        if (figure.wrong.length > 0 || figure.family === 'wrong' || figure.family === 'missing') console.log(`✗ ${explain(figure)}`)
        else if (values.all) console.log(`✓ ${explain(figure)}`)
        else if (done % 20 === 0) console.log(`  ${done} done, ${describe(figure.truth)}`)
      },
    }
    const figures = await visitLab(visits)
    const kept = truths.filter(({ met }) => met !== null)
    if (kept.length > 0) {
      console.log(`  ${kept.length} of them again, as they want their visitors: by phone, from a search engine, a second time`)
      figures.push(...(await visitLab({ ...visits, truths: kept, met: true })))
    }
    wrong += figures.filter((figure) => figure.wrong.length > 0).length
    console.log(
      `seed ${values.seed}, consent ${policy}: ${totalsLine(totalsOf(figures))}, ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
    )
  }
} finally {
  await lab.close()
  await rm(dir, { recursive: true, force: true })
}
process.exit(wrong === 0 ? 0 : 1)
