import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { openFileStore } from './file-store.ts'
import { sampleCapture, sampleObservation } from './testing/samples.ts'

const isRoot = process.getuid?.() === 0
const canMount = isRoot && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

test(
  'a full disk is DISK_FULL, loses nothing acknowledged, and writing goes on when there is space again',
  { skip: !canMount && 'mounting is not permitted here' },
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'assay-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'assay-test', dir])
    t.after(async () => {
      execFileSync('umount', [dir])
      await rm(dir, { recursive: true })
    })
    await mkdir(join(dir, 'ballast'))
    const store = await openFileStore(join(dir, 'data'))
    const acknowledged: string[] = []
    const writeOne = async (index: number) => {
      const capture = sampleCapture({ url: `https://site-${index}.test/` }, [await store.put(randomBytes(30_000))])
      await store.putCapture(capture)
      await store.appendObservation(sampleObservation(capture))
      acknowledged.push(capture.id)
    }
    const full = await (async () => {
      for (let index = 0; index < 200; index++) await writeOne(index)
    })().catch((error: unknown) => error)
    assert.ok(full instanceof AssayError && full.code === 'DISK_FULL', String(full))
    assert.ok(acknowledged.length > 20)
    for (let attempt = 0; attempt < 20; attempt++)
      await writeOne(1000 + attempt).catch((error: AssayError) => assert.equal(error.code, 'DISK_FULL'))
    execFileSync('mount', ['-o', 'remount,size=8m', dir])
    for (let index = 300; index < 330; index++) await writeOne(index)
    const listed = new Set<string>(await Array.fromAsync(store.listCaptures()))
    for (const id of acknowledged) assert.ok(listed.has(id))
    assert.deepEqual((await store.verify()).faults, [])
  },
)

test('a folder that may not be written is STORE_DENIED', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-denied-'))
  t.after(() => rm(dir, { recursive: true }))
  await chmod(dir, 0o555)
  const script = `import('${join(import.meta.dirname, 'file-store.ts')}').then((m) => m.openFileStore(${JSON.stringify(join(dir, 'data'))})).then(() => process.stdout.write('opened'), (error) => process.stdout.write(error.code))`
  const as = isRoot ? { uid: 65534, gid: 65534 } : {}
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { ...as, encoding: 'utf8' })
  assert.equal(stdout, 'STORE_DENIED', stderr)
})
