import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Check, checksOf, doctor } from './doctor.ts'
import type { MachineFacts } from './machine-facts.ts'

const trial = { product: 'Chrome/156.0.0.0', sandbox: true, rendersText: true, startMs: 300 }
const browser = {
  executable: '/usr/lib/chromium/chromium',
  source: "Debian's chromium",
  headlessShell: false,
  trial: { ok: true as const, value: trial },
}
const well: MachineFacts = {
  node: { version: 'v26.10.0', pinned: true },
  missingPackages: [],
  browser: { ok: true, value: browser },
  userNamespaces: { max: 96_000, unprivilegedClone: null, appArmorRestricts: null },
  freeBytes: [{ folder: '/data', bytes: 50e9 }],
  availableMemoryBytes: 8e9,
  sharedMemoryBytes: 8e9,
  uid: 1000,
  clock: { now: '2026-11-26T10:00:00.000Z', notBefore: '2026-11-20T10:00:00.000Z' },
  names: { ok: true, value: ['192.0.2.1'] },
  postgres: { ok: true, value: 'postgres (PostgreSQL) 18.4' },
}
const withTrial = (changed: Partial<typeof trial>): Partial<MachineFacts> => ({
  browser: { ok: true, value: { ...browser, trial: { ok: true, value: { ...trial, ...changed } } } },
})
const failed = (message: string, hint: string | null = null): { ok: false; message: string; hint: string | null } => ({
  ok: false,
  message,
  hint,
})

describe('what the doctor says', () => {
  test('of a machine that has all: all is well, and nothing is to be done', () => {
    for (const check of checksOf(well)) assert.deepEqual([check.id, check.state, check.todo], [check.id, 'ok', null])
  })

  const cases: Record<string, { facts: Partial<MachineFacts>; says: Record<string, [Check['state'], RegExp]> }> = {
    'an old Node': { facts: { node: { version: 'v20.1.0', pinned: false } }, says: { node: ['missing', /\.\/assay/] } },
    'a package of another version': { facts: { missingPackages: ['ws 8.23.0'] }, says: { dependencies: ['missing', /node_modules/] } },
    'no browser': {
      facts: { browser: failed('none found', 'Install one.') },
      says: { browser: ['missing', /Install one/], sandbox: ['missing', /^$/], fonts: ['missing', /^$/] },
    },
    'a browser that does not start': {
      facts: { browser: { ok: true, value: { ...browser, trial: failed('libnss3.so: no such file') } } },
      says: { browser: ['missing', /--browser/], sandbox: ['missing', /^$/], fonts: ['missing', /^$/] },
    },
    'no sandbox': { facts: withTrial({ sandbox: false }), says: { sandbox: ['poor', /namespaces/] } },
    'no sandbox by AppArmor': {
      facts: { ...withTrial({ sandbox: false }), userNamespaces: { max: 9, unprivilegedClone: null, appArmorRestricts: true } },
      says: { sandbox: ['poor', /AppArmor/], 'user-namespaces': ['poor', /apparmor_restrict/] },
    },
    'namespaces closed': {
      facts: { userNamespaces: { max: 0, unprivilegedClone: null, appArmorRestricts: null } },
      says: { 'user-namespaces': ['poor', /sysctl/] },
    },
    'namespaces closed by Debian’s switch': {
      facts: { userNamespaces: { max: 9, unprivilegedClone: false, appArmorRestricts: null } },
      says: { 'user-namespaces': ['poor', /sysctl/] },
    },
    'no font': { facts: withTrial({ rendersText: false }), says: { fonts: ['poor', /fonts-liberation/] } },
    'little memory': { facts: { availableMemoryBytes: 800e6 }, says: { memory: ['poor', /--jobs 1/] } },
    'next to no memory': { facts: { availableMemoryBytes: 200e6 }, says: { memory: ['missing', /1 GB/] } },
    "a container's shared memory": { facts: { sharedMemoryBytes: 64 * 1024 * 1024 }, says: { 'shared-memory': ['poor', /--shm-size/] } },
    'no shared memory': { facts: { sharedMemoryBytes: null }, says: { 'shared-memory': ['poor', /--shm-size/] } },
    'the fuller of two disks': {
      facts: {
        freeBytes: [
          { folder: '/data', bytes: 90e9 },
          { folder: '/tmp', bytes: 50e6 },
        ],
      },
      says: { disk: ['missing', /Free/] },
    },
    'a disk for some pages': { facts: { freeBytes: [{ folder: '/data', bytes: 1e9 }] }, says: { disk: ['poor', /crawl/] } },
    'a clock of the past': {
      facts: { clock: { now: '1970-01-01T00:00:00.000Z', notBefore: '2026-11-20T10:00:00.000Z' } },
      says: { clock: ['poor', /Set the clock/] },
    },
    'no names': { facts: { names: failed('TIMEOUT') }, says: { names: ['missing', /online/] } },
    'no database': { facts: { postgres: failed('not for this machine') }, says: { database: ['missing', /--database/] } },
  }
  for (const [title, { facts, says }] of Object.entries(cases)) {
    test(title, () => {
      const bad = checksOf({ ...well, ...facts }).filter((check) => check.state !== 'ok')
      assert.deepEqual(
        bad.map(({ id }) => id),
        Object.keys(says),
      )
      for (const check of bad) {
        assert.equal(check.state, says[check.id]?.[0])
        assert.match(check.todo ?? '', says[check.id]?.[1] ?? /never/)
      }
    })
  }
})

test('the doctor looks at this machine', async () => {
  const checks = Object.fromEntries((await doctor({ dir: 'no/such/folder/yet' })).map((check) => [check.id, check]))
  // Names may be missing where this runs offline; these are what the tests themselves stand on.
  for (const id of ['node', 'dependencies', 'browser', 'fonts', 'database']) assert.equal(checks[id]?.state, 'ok', checks[id]?.found ?? id)
})
