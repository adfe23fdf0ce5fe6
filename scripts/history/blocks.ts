import type { Block } from './page.ts'
import { comparison, endings, prevalence, profiles, ranks, services } from './prevalence.ts'
import type { Sources } from './sources.ts'
import { lists, persistence, repositories, weeks } from './stays.ts'

/** The blocks of docs/real-history.md by name; null where what a block needs is absent. */
export const blocks: Readonly<Record<string, (sources: Sources) => Block | null>> = {
  prevalence,
  ranks,
  endings,
  services,
  persistence,
  weeks,
  repositories,
  lists,
  profiles,
  comparison,
}
