import { AssayError } from '#model/errors.ts'
import { parseSeedUrl } from '#model/seed.ts'
import { siteOf } from '#model/site.ts'
import type { ImportedRow } from '#ledger/imports.ts'
import { subjectKinds } from '#ledger/index/rows.ts'
import { type Line, LineReader } from './lines.ts'

export interface BadLine {
  /** Counted from 1. */
  line: number
  reason: string
}

/** A row, and the line that it stands in. */
export interface ImportedLine {
  line: number
  row: ImportedRow
}

const columns = ['source', 'date', 'site', 'subject_kind', 'subject'] as const
type Column = (typeof columns)[number]

/** Kinds of sightings, and who looked. */
const importKinds = ['visited', ...subjectKinds] as const

/** An index takes keys of a third of a page. */
const longest: Record<Column, number> = { source: 100, date: 40, site: 2000, subject_kind: 40, subject: 500 }
const firstDay = '1990-01-01'

/** Of a file, each once. */
export const importKey = ({ source, date, site, subjectKind, subject }: ImportedRow): string =>
  `${source}\0${date}\0${site}\0${subjectKind}\0${subject}`

export const repeats = (line: number): string => `repeats line ${line}`

/** Sites and days are the same again and again. */
const mostRemembered = 50_000

/**
 * CSV (RFC 4180; a field holds no line end) with the columns `source,date,site,subject_kind,subject`, in that order or as a header says, from portions of
 * a file of any size. UTF-8, or UTF-16 with its mark. A bad line is named with its reason, the others are kept, equal ones too. Never throws. `today`:
 * ISO 8601.
 */
export class ImportReader {
  readonly #today: string
  readonly #lines = new LineReader()
  readonly #siteIn = remembering(siteFrom)
  readonly #dayIn = remembering(dayOf)
  #places: Record<Column, number> = { source: 0, date: 1, site: 2, subject_kind: 3, subject: 4 }
  #hasRow = false
  #rows: ImportedLine[] = []
  #bad: BadLine[] = []

  constructor(today: string) {
    this.#today = today
  }

  read(bytes: Uint8Array): void {
    for (const line of this.#lines.read(bytes)) this.#take(line)
  }

  end(): void {
    for (const line of this.#lines.end()) this.#take(line)
  }

  /** Lines that were taken or named so far and not handed out. */
  get size(): number {
    return this.#rows.length + this.#bad.length
  }

  /** Hands them out. */
  take(): { rows: ImportedLine[]; bad: BadLine[] } {
    const taken = { rows: this.#rows, bad: this.#bad }
    this.#rows = []
    this.#bad = []
    return taken
  }

  #take({ text, number, fault }: Line): void {
    const bad = (reason: string) => this.#bad.push({ line: number, reason })
    if (fault !== null) return void bad(fault)
    if (text.trim() === '') return
    const fields = fieldsOf(text)
    if (fields === null) return void bad('has a quotation mark that is not closed, or something behind one that is')
    // Above a header there may be a title or a note.
    const header = this.#hasRow ? null : headerOf(fields)
    if (header !== null) {
      this.#places = header
      return
    }
    const row = rowFrom(fields, this.#places, this.#today, { day: this.#dayIn, site: this.#siteIn })
    if (typeof row === 'string') return void bad(row)
    this.#hasRow = true
    this.#rows.push({ line: number, row })
  }
}

/** What was read of a text before. */
function remembering(read: (text: string) => string | null): (text: string) => string | null {
  const known = new Map<string, string | null>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    if (known.size === mostRemembered) known.clear()
    const value = read(text)
    known.set(text, value)
    return value
  }
}

function headerOf(fields: readonly string[]): Record<Column, number> | null {
  const names = fields.map((field) => field.trim().toLowerCase())
  if (!columns.every((column) => names.includes(column))) return null
  return Object.fromEntries(columns.map((column) => [column, names.indexOf(column)])) as Record<Column, number>
}

/** A row, or why it is none. */
function rowFrom(
  fields: readonly string[],
  places: Record<Column, number>,
  today: string,
  read: { day(text: string): string | null; site(text: string): string | null },
): ImportedRow | string {
  const last = Math.max(...Object.values(places))
  if (fields.length <= last) return `has ${fields.length} fields, not ${last + 1}`
  if (fields.length > columns.length && last === columns.length - 1 && fields.slice(columns.length).some((field) => field !== ''))
    return `has ${fields.length} fields, not ${columns.length}; a field with a comma in it stands in quotation marks`
  const of = (column: Column) => (fields[places[column]] ?? '').trim()
  for (const column of columns) {
    if (of(column).length > longest[column]) return `has a ${column} of ${of(column).length} characters; ${longest[column]} are the most`
    if (/[\0-\x1f\x7f]/.test(of(column))) return `has a control character in its ${column}`
  }
  if (of('source') === '') return 'has no source'
  const date = read.day(of('date'))
  if (date === null) return `has "${of('date')}" for a date; write it as 2018-01-31`
  if (date < firstDay || date > today) return `has the date ${date}, which is ${date > today ? 'in the future' : 'before there was a web'}`
  const site = read.site(of('site'))
  if (site === null) return `has "${of('site').slice(0, 80)}" for a site`
  const subjectKind = of('subject_kind').toLowerCase()
  if (!importKinds.some((kind) => kind === subjectKind))
    return `has "${of('subject_kind')}" for a subject_kind; there are ${importKinds.join(', ')}`
  const subject = of('subject')
  if (subjectKind === 'visited' && subject !== '') return 'was only visited and names a subject'
  if (subjectKind !== 'visited' && subject === '') return `names no ${subjectKind}`
  return { source: of('source'), date, site, subjectKind, subject }
}

/** A second of 60 is a leap second's. */
const isoTime =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::(?:[0-5]\d|60)(?:\.\d+)?)?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?)?$/

/** The day of an ISO 8601 date or time, in UTC where it says how far it is from it; null where calendar and clock have none. */
function dayOf(text: string): string | null {
  const [, day, hours = '0', minutes = '0', sign, offsetHours = '0', offsetMinutes = '0'] = isoTime.exec(text) ?? []
  const midnight = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return null
  const ahead = (sign === '-' ? -1 : 1) * (60 * Number(offsetHours) + Number(offsetMinutes))
  const utc = new Date(midnight + 60_000 * (60 * Number(hours) + Number(minutes) - ahead)).toISOString().slice(0, 10)
  return /^\d{4}-/.test(utc) ? utc : null
}

function siteFrom(text: string): string | null {
  try {
    const url = parseSeedUrl(text)
    const { hostname } = new URL(url)
    return isWhole(hostname, text) ? siteOf(url) : null
  } catch (error) {
    if (error instanceof AssayError) return null
    throw error
  }
}

/** A name with a dot and a letter, or an address written in full: by the rules of URLs `17` and `0x7f.1` are addresses too. */
function isWhole(hostname: string, text: string): boolean {
  if (hostname.startsWith('[')) return true
  if (!/^[\d.]+$/.test(hostname)) return /[^.]\.[^.]/.test(hostname) && /[a-z]/.test(hostname)
  return hostname === /^(?:https?:\/\/)?([^/?#:\\]*)/i.exec(text.trim())?.[1]
}

function fieldsOf(line: string): string[] | null {
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (line[at] === '"') {
      let value = ''
      for (at++; ; at++) {
        const end = line.indexOf('"', at)
        if (end < 0) return null
        value += line.slice(at, end)
        at = end + 1
        if (line[at] !== '"') break
        value += '"'
      }
      if (at < line.length && line[at] !== ',') return null
      fields.push(value)
    } else {
      const comma = line.indexOf(',', at)
      const end = comma < 0 ? line.length : comma
      fields.push(line.slice(at, end))
      at = end
    }
    if (at >= line.length) return fields
    at++
  }
}
