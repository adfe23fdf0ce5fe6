import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openFileStore } from '#ledger/file-store.ts'

/** The command as a process of its own, on files as people have them: broken, of other tools, and good ones among them. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string

async function assay(args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, 'capture', ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

const idsOf = (out: string): string[] => out.match(/sha256:[0-9a-f]{64}/g) ?? []
const captures = async (folder: string): Promise<string[]> => Array.fromAsync((await openFileStore(join(dir, folder))).listCaptures())

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-import-'))
  await writeFile(join(dir, 'page.html'), '<!doctype html><title>Saved</title><h1>A page that somebody saved</h1>')
  await writeFile(join(dir, 'broken.har'), '{"log":{"version":"1.2","entries":[{"request":{"url":"http://a.exam')
  await writeFile(join(dir, 'no.wacz'), 'PK\u0003\u0004 and nothing that a zip has')
})
after(() => rm(dir, { recursive: true, force: true }))

describe('capture import', () => {
  test('takes the good files among broken ones, names those, and is exit 4', async () => {
    const ran = await assay(['import', 'broken.har', 'no.wacz', 'nowhere.warc', 'page.html', '--dir', 'mixed'])
    assert.equal(ran.code, 4, ran.err)
    for (const said of ['BAD_INPUT_FILE: broken.har', 'BAD_INPUT_FILE: no.wacz', 'NOT_FOUND: nowhere.warc'])
      assert.ok(ran.err.includes(`assay: ${said}`), ran.err)
    assert.deepEqual(idsOf(ran.out), await captures('mixed'))
    assert.equal(idsOf(ran.out).length, 1)
  })

  test('of what is there already is once', async () => {
    const [first, second] = [await assay(['import', 'page.html', '--dir', 'twice']), await assay(['import', 'page.html', '--dir', 'twice'])]
    assert.deepEqual([first.code, second.code, second.out], [0, 0, first.out], second.err)
    assert.equal((await captures('twice')).length, 1)
  })

  test('of an exported capture gives the same one, and export names what is not there', async () => {
    const [id = ''] = idsOf((await assay(['import', 'page.html', '--dir', 'from'])).out)
    assert.equal((await assay(['export', id, '--dir', 'from', '--wacz', 'out.wacz'])).code, 0)
    assert.deepEqual(idsOf((await assay(['import', 'out.wacz', '--dir', 'to'])).out), [id])
    const missing = await assay(['export', 'sha256:00', '--dir', 'from', '--wacz', 'x.wacz'])
    assert.deepEqual([missing.code, /names no capture/.test(missing.err)], [4, true], missing.err)
  })

  test('into a folder that cannot be one ends at once', async () => {
    const ran = await assay(['import', 'page.html', '--dir', 'page.html'])
    assert.deepEqual([ran.code, /BAD_ARGUMENT/.test(ran.err), ran.out], [4, true, ''], ran.err)
  })
})
