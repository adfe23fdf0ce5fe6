import type { World } from '../lab.ts'
import { attacks } from '../hostile/all.ts'
import { type Attack, attackHost, attackText, type Crash } from '../hostile/attack.ts'
import { type LabSite, type SitePlan, emptyPlan, expected, html, truthWithoutMiner, unreached } from '../site/site.ts'

/** A page that does nothing to anybody: what is visited after an attack. */
export const calmUrl = 'https://calm.lab/'

const hostOf = (attack: Attack): string => (attack.fault === undefined ? attackHost : `${attack.name}.lab`)
export const urlOfAttack = (attack: Attack): string => `https://${hostOf(attack)}/${attack.fault === undefined ? attack.name : ''}`

/**
 * A site for each attack, and a calm one. `crash` ends a part of the browser that visits; without it the attacks that rely on that are
 * left out. None of them mines; a visit that an attack cut short may answer `inconclusive` or `not-observed` all the same.
 */
export function hostileWorld(seed: number, crash?: (what: Crash) => void): World {
  const served = attacks.filter(({ crashes }) => crashes === undefined || crash !== undefined)
  const calm = site('00000000', 'calm.lab', calmUrl, 'calm page', () => {
    const plan = emptyPlan()
    plan.resources.set(
      'calm.lab/',
      html(() => `<!doctype html><title>Calm</title><h1>${attackText}</h1><script>window.calm = true</script>`),
    )
    return plan
  })
  return {
    seed,
    weeks: 1,
    sites: [
      calm,
      ...served.map((attack, index) =>
        site(
          (index + 1).toString(16).padStart(8, '0'),
          hostOf(attack),
          urlOfAttack(attack),
          `${attack.kind}: ${attack.name}`,
          () => planOf(attack, crash),
          attack,
        ),
      ),
    ],
  }
}

function planOf(attack: Attack, crash: ((what: Crash) => void) | undefined): SitePlan {
  const plan = emptyPlan()
  const host = hostOf(attack)
  const { crashes } = attack
  const parts = { [attack.fault === undefined ? `/${attack.name}` : '/']: attack.page, ...attack.more }
  for (const [path, part] of Object.entries(parts)) {
    if (typeof part === 'function') plan.handlers.set(host + path, part)
    else plan.resources.set(host + path, part)
  }
  for (const [path, talk] of Object.entries(attack.sockets ?? {})) plan.sockets.set(host + path, talk)
  if (crashes !== undefined)
    plan.handlers.set(`${host}/crash-now/${attack.name}`, (_, response) => {
      response.end()
      crash?.(crashes)
    })
  return plan
}

function site(key: string, host: string, url: string, content: string, plan: () => SitePlan, attack?: Attack): LabSite {
  const fault = attack?.fault ?? null
  return {
    key,
    host,
    url,
    truth: (week) =>
      truthWithoutMiner({ week, host, url, content, expected: fault === null ? expected() : unreached(fault), tags: ['hostile'] }),
    plan: () => (fault === null ? plan() : null),
    fault: () => fault,
    otherHosts: () => [],
  }
}
