import { writeFile } from 'node:fs/promises'
import type { ReportedPage } from '#model/reported-page.ts'
import { htmlReport } from '#report/html.ts'
import { markdownReport } from '#report/markdown.ts'
import { sarif } from '#report/sarif.ts'
import { version } from './version.ts'

export interface ReportFlags {
  html?: string
  markdown?: string
  sarif?: string
}

/** The reports that were asked for, written when every page is there. */
export class ReportFiles {
  readonly #flags: ReportFlags
  readonly #pages: ReportedPage[] = []

  constructor(flags: ReportFlags) {
    this.#flags = flags
  }

  /** The page is only put together where a report was asked for. */
  async add(reported: () => Promise<ReportedPage>): Promise<void> {
    const { html, markdown, sarif } = this.#flags
    if (html !== undefined || markdown !== undefined || sarif !== undefined) this.#pages.push(await reported())
  }

  async write(): Promise<void> {
    const { html, markdown, sarif: sarifFile } = this.#flags
    if (html !== undefined) await writeFile(html, htmlReport(this.#pages, version))
    if (markdown !== undefined) await writeFile(markdown, markdownReport(this.#pages, version))
    if (sarifFile !== undefined)
      await writeFile(
        sarifFile,
        sarif(
          this.#pages.map((page) => page.observation),
          version,
        ),
      )
  }
}
