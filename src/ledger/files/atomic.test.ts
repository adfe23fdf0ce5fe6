import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readIfThere } from './atomic.ts'

describe('a file of a folder from elsewhere', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'assay-atomic-'))
    await writeFile(join(dir, 'file'), 'text')
    await mkdir(join(dir, 'folder'))
    await symlink('/dev/zero', join(dir, 'device'))
    execFileSync('mkfifo', [join(dir, 'pipe')])
  })
  after(() => rm(dir, { recursive: true, force: true }))

  test('a file is read, one that is not there is null', async () => {
    assert.equal((await readIfThere(join(dir, 'file')))?.toString(), 'text')
    assert.equal(await readIfThere(join(dir, 'none')), null)
  })

  for (const name of ['pipe', 'device', 'folder'])
    test(`a ${name} in its place is damage, and nobody waits for it`, { timeout: 10_000 }, async () => {
      await assert.rejects(readIfThere(join(dir, name)), { code: 'STORE_CORRUPT' })
    })
})
