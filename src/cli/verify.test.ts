import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { exportCapture, importCaptures } from '#app/captures.ts'
import { sampleHtml, sampleCapture as browserCapture } from '#archive/testing/sample-capture.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { writeImport } from '#ledger/imports.ts'
import { sampleCapture } from '#ledger/testing/samples.ts'
import { captureOf } from '#model/capture.ts'
import { type Digest, sha256 } from '#model/digest.ts'
import { verificationSchema } from '#model/verification.ts'

/** The command as a process of its own, on a data folder with a signed visit and an unsigned one, and on copies that were tampered with. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string
let signed: Digest
let unsigned: Digest
let blob: Digest
let keyId: Digest

async function assay(args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, 'verify', ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

/** A visit that names the folder's key, as capture writes it. */
async function signedVisit(folder: string): Promise<{ id: Digest; blob: Digest; keyId: Digest }> {
  const store = await openFileStore(folder)
  const body = await store.put(Buffer.from(sampleHtml))
  const key = await store.keyId()
  const capture = captureOf({ ...(await browserCapture(store)).manifest, keyId: key })
  await store.putCapture(capture)
  return { id: capture.id, blob: body, keyId: key }
}

const importedRow = { source: 'list', date: '2018-02-01', site: 'shop.example', subjectKind: 'service', subject: 'coinhive' }

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-verify-'))
  ;({ id: signed, blob, keyId } = await signedVisit(join(dir, 'assay-out')))
  const store = await openFileStore(join(dir, 'assay-out'))
  const other = sampleCapture({ url: 'https://other.test/' }, [blob])
  await store.putCapture(other)
  unsigned = other.id
})

after(() => rm(dir, { recursive: true, force: true }))

const place = (folder: string, kind: string, digest: Digest, suffix = ''): string =>
  join(dir, folder, kind, digest.slice(7, 9), `${digest.slice(7)}${suffix}`)

describe('what nobody touched holds', () => {
  const cases: Record<string, { args: () => string[]; says: RegExp }> = {
    'a signed visit by its identifier': {
      args: () => [signed.slice(7, 20)],
      says: /^holds {2}sha256:[\s\S]*signature: holds: by the key[\s\S]*folder's own/,
    },
    'by its manifest': { args: () => [place('assay-out', 'captures', signed, '.json.zst')], says: /^holds {2}/ },
    'by the key that was asked for': { args: () => [signed, '--key', keyId.slice(7, 23)], says: /^holds {2}/ },
    'one that was never signed': { args: () => [unsigned], says: /^holds, unsigned/ },
    'the whole folder, by --data': { args: () => ['--data', 'assay-out'], says: /2 captures, \d+ blobs[\s\S]*its key is sha256:/ },
    'one of a folder, by --data': { args: () => ['--data', 'assay-out', signed], says: /^holds {2}/ },
    'the whole folder': { args: () => ['assay-out'], says: /2 captures, \d+ blobs[\s\S]*its key is sha256:/ },
  }
  for (const [name, { args, says }] of Object.entries(cases))
    test(`${name} is exit 0`, async () => {
      const ran = await assay(args())
      assert.match(ran.out, says, ran.err)
      assert.equal(ran.code, 0)
    })

  test('a copy of the folder elsewhere, without its private key, too', async () => {
    await cp(join(dir, 'assay-out'), join(dir, 'copy'), { recursive: true })
    await rm(join(dir, 'copy', 'key'), { recursive: true })
    const ran = await assay(['--data', 'copy', signed])
    assert.match(ran.out, /another instance's/)
    assert.equal(ran.code, 0)
    await assert.rejects(stat(join(dir, 'copy', 'key')), 'verifying makes no key')
  })

  test('a broken private key keeps no capture from being checked', async () => {
    await cp(join(dir, 'assay-out'), join(dir, 'keyless'), { recursive: true })
    await writeFile(join(dir, 'keyless', 'key', 'ed25519.pem'), 'x')
    const ran = await assay(['--dir', 'keyless', signed])
    assert.match(ran.out, /^holds {2}[\s\S]*signature: holds/, ran.err)
    assert.equal(ran.code, 0)
  })

  test('numbers of one are told as one', async () => {
    await signedVisit(join(dir, 'single'))
    assert.match((await assay(['single'])).out, /: 1 capture, \d+ blobs, 0 answers, 0 visits of crawls\n/)
  })

  test('a folder of imports only, with their number', async () => {
    const store = await openFileStore(join(dir, 'imports-only'))
    await writeImport(store.shelf, [importedRow])
    await writeImport(store.shelf, [{ ...importedRow, source: 'another' }])
    const ran = await assay(['imports-only'])
    assert.match(ran.out, /^holds {2}.*: 0 captures, 0 blobs, 0 answers, 0 visits of crawls, 2 imports\n/, ran.err)
    assert.equal(ran.code, 0)
    const line = JSON.parse((await assay(['imports-only', '--json'])).out) as { folder: { report: { imports: number } } }
    assert.equal(line.folder.report.imports, 2)
    assert.equal(verificationSchema.safeParse(line).error?.message, undefined)
  })

  test('each line of --json fits the published schema', async () => {
    for (const args of [[signed], ['assay-out'], ['keyless']]) {
      const lines = (await assay([...args, '--json'])).out.trim().split('\n')
      for (const line of lines) assert.equal(verificationSchema.safeParse(JSON.parse(line)).error?.message, undefined)
    }
    assert.equal(verificationSchema.safeParse({ schema: 'assay.verification', schemaVersion: 1, holds: true }).success, false)
  })

  test('--json says the same', async () => {
    const { out } = await assay([signed, '--json'])
    const line = JSON.parse(out) as { holds: boolean; capture: { keyId: string; checks: { check: string; outcome: string }[] } }
    assert.deepEqual([line.holds, line.capture.keyId], [true, keyId])
    assert.deepEqual(
      line.capture.checks.map(({ check, outcome }) => [check, outcome]),
      [
        ['manifest', 'holds'],
        ['blob', 'holds'],
        ['signature', 'holds'],
      ],
    )
  })
})

describe('what was handed on', () => {
  for (const format of ['wacz', 'har'] as const)
    test(`as ${format} with its signature beside it holds at the receiver's, and without it does not`, async () => {
      const out = join(dir, `given.${format}`)
      await exportCapture({ dir: join(dir, 'assay-out'), id: signed, format, out, software: 'Assay 1' })
      const notes: string[] = []
      const take = (folder: string): Promise<unknown> =>
        importCaptures({ dir: join(dir, folder), files: [out] }, (text) => notes.push(text))
      await take(`with-${format}`)
      const held = await assay(['--dir', `with-${format}`, signed, '--key', keyId])
      assert.match(held.out, /^holds {2}[\s\S]*another instance's/, held.err)
      assert.equal(held.code, 0)

      const beside = `${out}.attestation.json`
      await writeFile(beside, (await readFile(beside, 'utf8')).replace(/"signature":"...../, '"signature":"AAAAA'))
      await take(`forged-${format}`)
      assert.match(notes.join(), /does not fit/)
      assert.equal((await assay(['--dir', `forged-${format}`, signed])).code, 1)

      await rm(beside)
      await take(`without-${format}`)
      const lacking = await assay(['--dir', `without-${format}`, signed])
      assert.match(lacking.out, /signature: FAILS: .*missing/)
      assert.equal(lacking.code, 1)
    })
})

describe('what was tampered with is named', () => {
  const flip = async (file: string): Promise<void> => {
    const bytes = await readFile(file)
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(file, bytes)
  }
  const cases: Record<string, { harm: (folder: string) => Promise<void>; args?: () => string[]; says: RegExp }> = {
    'a bit of a blob': { harm: (folder) => flip(place(folder, 'blobs', blob)), says: /blob: FAILS: .*damaged/ },
    'a blob that is gone': { harm: (folder) => rm(place(folder, 'blobs', blob)), says: /blob: FAILS: no blob/ },
    'a bit of the manifest': { harm: (folder) => flip(place(folder, 'captures', signed, '.json.zst')), says: /manifest: FAILS/ },
    'a signature that was taken away': {
      harm: (folder) => rm(place(folder, 'attestations', signed, '.json')),
      says: /signature: FAILS: the manifest names the key .* missing/,
    },
    'a signature that is no JSON': {
      harm: (folder) => writeFile(place(folder, 'attestations', signed, '.json'), 'x'),
      says: /signature: FAILS: .*not JSON/,
    },
    'the signature of another capture': {
      harm: async (folder) => {
        const file = place(folder, 'attestations', signed, '.json')
        await writeFile(file, (await readFile(file, 'utf8')).replace(signed, unsigned))
      },
      says: /signature: FAILS: the signature is of another capture/,
    },
    'octets of the signature': {
      harm: async (folder) => {
        const file = place(folder, 'attestations', signed, '.json')
        const value = JSON.parse(await readFile(file, 'utf8')) as { signature: string }
        const octets = Buffer.from(value.signature, 'base64')
        octets[3]! ^= 1
        await writeFile(file, JSON.stringify({ ...value, signature: octets.toString('base64') }))
      },
      says: /signature: FAILS: the signature does not fit/,
    },
    'signed again by another key': {
      harm: async (folder) => {
        const forger = join(dir, `${folder}-forger`)
        const other = await signedVisit(forger)
        const attestation = JSON.parse(
          await readFile(join(forger, 'attestations', other.id.slice(7, 9), `${other.id.slice(7)}.json`), 'utf8'),
        ) as object
        const { openInstanceKey } = await import('#ledger/instance-key.ts')
        const key = await openInstanceKey(forger, join(forger, 'tmp'))
        await writeFile(place(folder, 'attestations', signed, '.json'), JSON.stringify({ ...attestation, ...key.attest(signed) }))
      },
      says: /signature: FAILS: the manifest names the key/,
    },
    'a private key that is broken': {
      harm: (folder) => writeFile(join(dir, folder, 'key', 'ed25519.pem'), 'x'),
      args: () => ['FOLDER'],
      says: /^FAILS [\s\S]*private key: STORE_CORRUPT[\s\S]*holds {2}sha256:[\s\S]*signature: holds/,
    },
    'a blob of the folder that is gone': {
      harm: (folder) => rm(place(folder, 'blobs', blob)),
      args: () => ['FOLDER'],
      says: /^FAILS [\s\S]*blob: missing[\s\S]*FAILS {2}sha256:/,
    },
    'a bit of an import': {
      harm: async (folder) => {
        const name = await writeImport((await openFileStore(join(dir, folder))).shelf, [importedRow])
        await flip(join(dir, folder, 'imports', name))
      },
      args: () => ['FOLDER'],
      says: /^FAILS .*1 import\n {2}import: corrupt: [0-9a-f]{64}\.jsonl: import .* is damaged/,
    },
    'an import under a name of its own': {
      harm: async (folder) => {
        const { shelf } = await openFileStore(join(dir, folder))
        await shelf.write('imports/mine.jsonl', Buffer.from(`${JSON.stringify(importedRow)}\n`), 'now')
      },
      args: () => ['FOLDER'],
      says: /^FAILS [\s\S]*import: corrupt: mine\.jsonl/,
    },
    'an import that holds other things than its rows': {
      harm: async (folder) => {
        const { shelf } = await openFileStore(join(dir, folder))
        const octets = Buffer.from('{"source":"list"}\n')
        await shelf.write(`imports/${sha256(octets).slice(7)}.jsonl`, octets, 'now')
      },
      args: () => ['FOLDER'],
      says: /^FAILS [\s\S]*import: corrupt: .*holds what is no row/,
    },
    'a private key that others may read': {
      harm: (folder) => chmod(join(dir, folder, 'key', 'ed25519.pem'), 0o644),
      args: () => ['FOLDER'],
      says: /^FAILS [\s\S]*FAILS: others than its owner[\s\S]*chmod 600/,
    },
  }
  let n = 0
  for (const [name, { harm, args, says }] of Object.entries(cases))
    test(`${name} is exit 1`, async () => {
      const folder = `harmed-${n++}`
      await cp(join(dir, 'assay-out'), join(dir, folder), { recursive: true })
      await harm(folder)
      const ran = await assay(args ? args().map((arg) => (arg === 'FOLDER' ? folder : arg)) : ['--dir', folder, signed])
      assert.match(ran.out, says, ran.err)
      assert.equal(ran.code, 1)
    })

  const formats: Record<string, (folder: string) => Promise<void>> = {
    'cut short': (folder) => writeFile(join(dir, folder, 'format.json'), '{"format":"assay'),
    empty: (folder) => writeFile(join(dir, folder, 'format.json'), ''),
    gone: (folder) => rm(join(dir, folder, 'format.json')),
  }
  for (const [name, harm] of Object.entries(formats))
    test(`a format.json that is ${name} is damage, and not "no data folder"`, async () => {
      const folder = `format-${name.replaceAll(' ', '-')}`
      await cp(join(dir, 'assay-out'), join(dir, folder), { recursive: true })
      await harm(folder)
      for (const args of [[folder], ['--dir', folder, signed]]) {
        const ran = await assay(args)
        assert.match(ran.err, /STORE_CORRUPT: .*format\.json.*"format":"assay\.data"/)
        assert.equal(ran.code, 1)
      }
    })

  test('another key than the one that was asked for, and none at all, are exit 1', async () => {
    for (const id of [signed, unsigned]) {
      const ran = await assay([id, '--key', '0'.repeat(16)])
      assert.match(ran.out, /signature: FAILS/)
      assert.equal(ran.code, 1)
    }
  })
})

describe('wrong use', () => {
  before(() => openFileStore(join(dir, 'empty')))
  const wrong: Record<string, string[]> = {
    'what is not there': ['00112233'],
    'no data folder': ['.'],
    'a data folder with nothing in it': ['empty'],
    nothing: [],
    'one folder by two words': ['--data', 'assay-out-2', '--dir', 'assay-out'],
    'no key': ['assay-out', '--key', 'mine'],
  }
  for (const [name, args] of Object.entries(wrong)) test(`${name} is exit 4`, async () => assert.equal((await assay(args)).code, 4))
})

describe('the key of a data folder', () => {
  test('is for its owner only, and is made once by however many begin at the same time', async () => {
    const folder = join(dir, 'many')
    const ids = await Promise.all(Array.from({ length: 8 }, async () => (await openFileStore(folder)).keyId()))
    assert.equal(new Set(ids).size, 1)
    assert.equal((await stat(join(folder, 'key', 'ed25519.pem'))).mode & 0o777, 0o600)
    assert.equal((await readdir(join(folder, 'key'))).length, 2)
    assert.deepEqual(await readdir(join(folder, 'tmp')), [])
  })
})
