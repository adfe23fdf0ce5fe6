import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { parse } from 'yaml'
import { z } from 'zod'
import { define as defineCrawl } from '#cli/crawl.ts'
import { define as defineWorker } from '#cli/worker.ts'
import { storeOptions } from '#cli/store-option.ts'

/** The parts of the Compose specification that compose.yaml uses (https://github.com/compose-spec/compose-spec): a slip of the pen is none of them. */
const service = z.strictObject({
  image: z.string(),
  user: z.string().optional(),
  working_dir: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  init: z.boolean().optional(),
  shm_size: z.string().optional(),
  stop_grace_period: z.string().optional(),
  scale: z.number().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]*$/)),
  healthcheck: z.strictObject({ test: z.array(z.string()), interval: z.string(), timeout: z.string(), retries: z.number() }).optional(),
  depends_on: z.union([z.array(z.string()), z.record(z.string(), z.strictObject({ condition: z.string() }))]).optional(),
  restart: z.string(),
})
const file = z.strictObject({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.strictObject({})) })

const text = await readFile(fileURLToPath(new URL('../compose.yaml', import.meta.url)), 'utf8')
const compose = file.parse(parse(text, { merge: true }))
const commands: Record<string, (command: Command) => void> = { crawl: defineCrawl, worker: defineWorker }

/** What Compose makes of `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
function filledIn(value: string, environment: Record<string, string>): string {
  return value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, how: string | undefined, more = '') => {
    const given = environment[name]
    if (given !== undefined && given !== '') return given
    if (how === '?') throw new Error(`${name}: ${String(more)}`)
    return how === '-' ? String(more) : ''
  })
}

describe('compose.yaml', () => {
  for (const [name, { command, volumes, depends_on: needs = [] }] of Object.entries(compose.services)) {
    test(`${name}: what it names is there`, () => {
      for (const each of Array.isArray(needs) ? needs : Object.keys(needs)) assert.ok(each in compose.services, each)
      for (const volume of volumes.map((each) => each.split(':')[0] ?? '')) assert.ok(volume === '.' || volume in compose.volumes, volume)
    })
    if (command === undefined) continue
    test(`${name}: its command is one of assay's, with options that it has`, () => {
      const [program, called = '', ...rest] = command.map((word) => filledIn(word, { POSTGRES_PASSWORD: 'p', CONTACT: 'you@example.org' }))
      assert.equal(program, './assay')
      const cli = new Command(called).exitOverride().configureOutput({ writeErr: () => {} })
      commands[called]?.(cli)
      storeOptions(cli)
      assert.deepEqual(cli.parseOptions(rest).unknown, [])
      const { data, database } = cli.opts<{ data: string; database: string }>()
      assert.equal(data, '/data')
      assert.match(database, /^postgres:\/\//)
    })
  }

  test('without a password and a contact it is not started', () => {
    const all = Object.values(compose.services).flatMap(({ command = [] }) => command)
    assert.throws(() => all.map((word) => filledIn(word, { CONTACT: 'c' })), /POSTGRES_PASSWORD: a password/)
    assert.throws(() => all.map((word) => filledIn(word, { POSTGRES_PASSWORD: 'p' })), /CONTACT: a page/)
  })
})
