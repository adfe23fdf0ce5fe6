import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { privateHosts, runAttack } from './attack.ts'
import { chromiumPath } from './chromium.ts'

const skip = chromiumPath === null && 'no Chromium'

test('every form of every closed address, in every way that a page has', { skip, timeout: 300_000 }, async () => {
  const { hits, canaryConnections, datagrams, candidates, lane } = await runAttack({ guarded: true })
  assert.deepEqual({ hits, canaryConnections, datagrams, candidates }, { hits: [], canaryConnections: 0, datagrams: 0, candidates: [] })
  const tried = lane.connections().length + lane.connectionsDropped()
  assert.ok(tried > privateHosts().length * 10, `${tried} connections were asked for`)
})

// Needs a network of its own, where the kernel's counters count nobody else.
const setUp =
  'ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 198.51.100.10/24 dev v0 && ip link set v0 up && ip link set v1 up && ip route add default via 198.51.100.1 dev v0'
const inNetwork = (mode: string): Promise<{ stdout: string }> =>
  promisify(execFile)('unshare', [
    '-n',
    '--',
    'sh',
    '-c',
    `${setUp} && exec "$0" "$1" "$2"`,
    process.execPath,
    fileURLToPath(new URL('count-datagrams.ts', import.meta.url)),
    mode,
  ])
const canUnshare = await promisify(execFile)('unshare', ['-n', '--', 'sh', '-c', setUp]).then(
  () => true,
  () => false,
)

test(
  'by the kernel: the browser sends no datagram at all, also no DNS query',
  { skip: skip || (!canUnshare && 'no network namespaces here'), timeout: 120_000 },
  async () => {
    const guarded = JSON.parse((await inNetwork('guarded')).stdout) as { out: number; dns: number; hits: number }
    assert.deepEqual(guarded, { out: guarded.dns, dns: guarded.dns, hits: 0 })
    const open = JSON.parse((await inNetwork('open')).stdout) as { out: number; dns: number }
    assert.ok(open.out > open.dns, 'without the flags it does')
  },
)
