import { Random } from '../random.ts'
import type { Operator } from './history.ts'
import type { Population, WorldSite } from './population.ts'

const consonants = 'BCDFGHJKLMNPQRSTVWXZ23456789'

const measuring = (id: string): string =>
  `<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());gtag('config','${id}');</script>`

/**
 * How a site is measured: two in five for themselves, one in five with others of their owner. Drawn apart from all else of the world, and nothing is loaded
 * for it: the services are not there.
 */
export function siteSnippet(seed: number, { sites }: Pick<Population, 'sites'>, { number }: Pick<WorldSite, 'number'>): string | null {
  const draw = new Random(`world-tracker/${seed}/${number}`)
  const kind = draw.fraction()
  if (kind < 0.4) return measuring(`G-${draw.text(10, consonants)}`)
  if (kind < 0.6) return measuring(`UA-${47_110_000 + Math.floor((sites.length / 8) * draw.fraction() ** 2)}-${draw.int(1, 9)}`)
  return null
}

/** Two operators in five count where their code is run. */
export function operatorSnippet(seed: number, { number }: Pick<Operator, 'number'>): string | null {
  if (new Random(`world-tracker/${seed}/operator/${number}`).fraction() >= 0.4) return null
  return `<script>var _Hasync=_Hasync||[];_Hasync.push(['Histats.start','1,${4_012_000 + number},4,0,0,0,00010000']);</script>`
}
