import assert from 'node:assert/strict'
import { type X509Certificate, createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import type { Lab } from './lab.ts'
import { type SitePlan, emptyPlan } from './site/site.ts'
import { type SiteSelection, startLab, worldOf } from './start.ts'
import { get } from './testing/client.ts'
import { isProbeTruth } from './worlds/probe.ts'

async function started(t: TestContext, sites: SiteSelection, seed = 5): Promise<{ lab: Lab; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-lab-'))
  const lab = await startLab({ dir, seed, sites })
  t.after(async () => {
    await lab.close()
    await rm(dir, { recursive: true })
  })
  return { lab, dir }
}

test('the lab writes its names and its truth, and listens on loopback addresses only', async (t) => {
  const { lab, dir } = await started(t, 'ordinary')
  assert.deepEqual(JSON.parse(await readFile(join(dir, 'names.json'), 'utf8')), JSON.parse(JSON.stringify(lab.names)))
  const truth = JSON.parse(await readFile(join(dir, 'truth.json'), 'utf8')) as { sites: unknown[] }
  assert.deepEqual(truth.sites, JSON.parse(JSON.stringify(lab.truth)))
  for (const addresses of Object.values(lab.names.hosts)) for (const address of addresses) assert.match(address, /^127\./)
})

test('each site answers under its own name with a certificate of its own, all with the one key', async (t) => {
  const { lab } = await started(t, 'ordinary')
  const certificates = new Set<string>()
  for (const { host } of lab.truth.slice(0, 4)) {
    const certificate = await new Promise<X509Certificate>((resolve, reject) => {
      const socket = connect(
        { host: lab.names.hosts[host]?.[0], port: lab.names.ports['443'], servername: host, ca: lab.names.authorityPem ?? '' },
        () => {
          const seen = socket.getPeerX509Certificate()
          socket.destroy()
          if (seen) resolve(seen)
          else reject(new Error('no certificate'))
        },
      )
      socket.on('error', reject)
    })
    assert.equal(certificate.checkHost(host), host)
    assert.equal(certificate.checkHost(`www.${host}`), `*.${host}`)
    assert.equal(
      createHash('sha256')
        .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
        .digest('base64'),
      lab.names.spki,
    )
    certificates.add(certificate.fingerprint256)
  }
  assert.equal(certificates.size, 4)
})

test('plain HTTP is sent to HTTPS, pages are compressed, scripts revalidate, an unknown path is 404', async (t) => {
  const { lab } = await started(t, 'ordinary')
  const [site] = lab.truth
  assert.ok(site)
  const plain = await get(lab, `http://${site.host}/x?y=1`)
  assert.equal(plain.status, 301)
  assert.equal(plain.headers.location, `https://${site.host}/x?y=1`)
  const page = await get(lab, site.url, { headers: { 'accept-encoding': 'gzip, br' } })
  assert.match(String(page.headers['content-encoding']), /^(br|gzip)$/)
  assert.match(page.text, /<!doctype html>/)
  assert.equal((await get(lab, site.url)).headers['content-encoding'], undefined)
  const [, file = ''] = /<script src="(\/[^"]+)"/.exec(page.text) ?? []
  const script = await get(lab, `${site.url.slice(0, -1)}${file}`)
  assert.equal(script.status, 200)
  const again = await get(lab, `${site.url.slice(0, -1)}${file}`, { headers: { 'if-none-match': String(script.headers.etag) } })
  assert.deepEqual([again.status, again.bytes.length], [304, 0])
  assert.equal((await get(lab, `${site.url}nothing-here`)).status, 404)
})

test('what cannot be reached fails as its truth says', async (t) => {
  const { lab } = await started(t, 'faults')
  const seen: Record<string, string> = {}
  for (const { url, content, expected } of lab.truth) {
    seen[content] = await get(lab, url).then(
      (got) => `status ${got.status}`,
      (error: NodeJS.ErrnoException) => error.code ?? error.message.replace(/^\S+ /, ''),
    )
    assert.equal(expected.status, 'not-observed')
    assert.equal(expected.exit, 3)
  }
  assert.deepEqual(seen, {
    unresolved: 'is not in the name map',
    'bad-certificate': 'ERR_TLS_CERT_ALTNAME_INVALID',
    'connection-reset': 'ECONNRESET',
    'connection-refused': 'ECONNREFUSED',
    'server-error': 'status 500',
  })
})

test('the weeks of the demonstration change pages and names', async (t) => {
  const { lab } = await started(t, 'demo')
  assert.equal(lab.truth.length, 20)
  const weekly: Record<number, { mining: number; names: number }> = {}
  for (let week = 1; week <= lab.weeks; week++) {
    await lab.setWeek(week)
    weekly[week] = { mining: lab.truth.filter((site) => site.content === 'miner').length, names: Object.keys(lab.names.hosts).length }
    for (const site of lab.truth) {
      if (site.expected.error === 'DNS_FAILED') await assert.rejects(get(lab, site.url))
      else assert.ok((await get(lab, site.url)).status < 400, `${site.url} in week ${week}`)
    }
  }
  assert.deepEqual(
    [1, 2, 3].map((week) => weekly[week]?.mining),
    [7, 8, 8],
  )
  assert.equal((weekly[1]?.names ?? 0) - (weekly[2]?.names ?? 0), 2)
  assert.equal(weekly[1]?.names, weekly[3]?.names)
  const accounts = new Map<string, number>()
  for (const { account } of lab.truth) if (account) accounts.set(account, (accounts.get(account) ?? 0) + 1)
  assert.ok(
    [...accounts.values()].some((count) => count > 1),
    'a campaign shares its account',
  )
})

/** Every resource of a world as text, fetched in the given order. */
function texts(plan: SitePlan, isReversed: boolean): Map<string, string> {
  const keys = [...plan.resources.keys()]
  const out = new Map<string, string>()
  for (const key of isReversed ? keys.reverse() : keys) {
    const responder = plan.resources.get(key)
    if (responder && typeof responder !== 'function') out.set(key, createHash('sha256').update(responder.body()).digest('hex'))
  }
  return out
}

test('the same seed gives the same octets in whatever order they are asked for', () => {
  const [a, b] = [worldOf('table', 11), worldOf('table', 11)]
  a.sites.forEach((site, index) => {
    const other = b.sites[index]
    assert.deepEqual(other?.truth(1), site.truth(1))
    const [one, two] = [site.plan(1), other?.plan(1)]
    if (one && two) assert.deepEqual(Object.fromEntries(texts(two, true)), Object.fromEntries(texts(one, false)), site.url)
  })
})

test('another seed shares no host, no account, no script and no module', () => {
  const [a, b] = [worldOf('miners', 21), worldOf('miners', 22)]
  const hosts = new Set(a.sites.flatMap((site) => [site.host, ...site.otherHosts(1)]))
  for (const site of b.sites) for (const host of [site.host, ...site.otherHosts(1)]) assert.ok(!hosts.has(host), host)
  const accounts = new Set(a.sites.map((site) => site.truth(1).account))
  assert.equal(accounts.size, a.sites.length)
  for (const site of b.sites) assert.ok(!accounts.has(site.truth(1).account))
  const digestsOf = (world: typeof a): Set<string> =>
    new Set(
      world.sites
        .slice(0, 40)
        .flatMap((site) =>
          [...texts(site.plan(1) ?? emptyPlan(), false)].filter(([at]) => /\.(js|wasm)$/.test(at)).map(([, digest]) => digest),
        ),
    )
  const seen = digestsOf(a)
  // A worker's file that a site names and does not use is empty everywhere.
  seen.delete(createHash('sha256').update('').digest('hex'))
  for (const digest of digestsOf(b)) assert.ok(!seen.has(digest))
})

test('the table has every kind of thing that a miner can be', () => {
  const rows = worldOf('miners', 1).sites.map((site) => site.truth(1))
  assert.ok(rows.length >= 60)
  const kinds = (of: (row: (typeof rows)[number]) => string | null): number => new Set(rows.map(of)).size
  assert.deepEqual(
    {
      load: kinds((r) => r.load),
      thread: kinds((r) => r.thread),
      module: kinds((r) => r.module),
      family: kinds((r) => r.family),
      dialect: kinds((r) => r.dialect),
      encoding: kinds((r) => r.encoding),
      transport: kinds((r) => r.transport),
      hiding: kinds((r) => r.hiding),
      asking: kinds((r) => r.asking),
      pool: kinds((r) => r.poolMode),
    },
    { load: 18, thread: 8, module: 8, family: 6, dialect: 7, encoding: 6, transport: 6, hiding: 15, asking: 9, pool: 6 },
  )
})

test('truth follows the table of answers', () => {
  const rows = worldOf('table', 1).sites.map((site) => site.truth(1))
  const of = (what: Partial<Record<keyof (typeof rows)[number], string>>) =>
    rows.find((row) => Object.entries(what).every(([name, value]) => row[name as keyof typeof row] === value))
  const cases = [
    [{ asking: 'asks-first' }, 'opt-in delivered asked-first', 'opt-in hashing asked-first', 'opt-in delivered asked-first'],
    [{ asking: 'asks-late' }, 'active hashing asked-late', 'active hashing asked-late', 'active hashing asked-late'],
    [{ asking: 'ignores-refusal' }, 'opt-in delivered asked-first', 'opt-in hashing asked-first', 'active hashing refused-ignored'],
    [{ asking: 'cookie-banner' }, 'active hashing not-asked', 'active hashing not-asked', 'active hashing not-asked'],
    [{ asking: 'captcha-silent' }, 'loaded delivered not-asked', 'active hashing not-asked', 'loaded delivered not-asked'],
    [{ poolMode: 'dead' }, 'active pool-contact not-asked', 'active pool-contact not-asked', 'active pool-contact not-asked'],
    [{ poolMode: 'refuses' }, 'loaded delivered not-asked', 'loaded delivered not-asked', 'loaded delivered not-asked'],
    [{ hiding: 'starts-late' }, 'loaded delivered not-asked', 'loaded delivered not-asked', 'loaded delivered not-asked'],
    [{ content: 'wallet' }, 'none none-seen unknown', 'none none-seen unknown', 'none none-seen unknown'],
  ] as const
  for (const [what, ignore, accept, reject] of cases) {
    const row = of(what)
    assert.ok(row, JSON.stringify(what))
    const said = (policy: 'ignore' | 'accept' | 'reject'): string =>
      `${row.underPolicy[policy].status} ${row.underPolicy[policy].activity} ${row.underPolicy[policy].consent}`
    assert.deepEqual([said('ignore'), said('accept'), said('reject')], [ignore, accept, reject], JSON.stringify(what))
  }
  assert.deepEqual(of({ load: 'ad-frame' })?.expected.placement, 'ad')
  assert.deepEqual(of({ load: 'tag-manager' })?.expected.placement, 'third-party')
})

test('the probe has eleven sockets and eleven modules of distinct bytes', async (t) => {
  const { lab } = await started(t, 'probe')
  const [truth] = lab.truth
  assert.ok(isProbeTruth(truth))
  assert.equal(new Set(truth.sockets.map((socket) => socket.url)).size, 11)
  assert.equal(new Set(truth.modules.map((module) => module.digest)).size, 11)
  const page = await get(lab, `https://probe.lab/module/page.wasm`)
  assert.equal(
    `sha256:${createHash('sha256').update(page.bytes).digest('hex')}`,
    truth.modules.find((module) => module.place === 'page')?.digest,
  )
})

test('bench pages have the sizes that they promise', async (t) => {
  const { lab } = await started(t, 'bench')
  assert.deepEqual(
    [lab.truth.filter((s) => s.tags[0] === 'realistic').length, lab.truth.filter((s) => s.tags[0] === 'heavy').length],
    [20, 5],
  )
  for (const kind of ['realistic', 'heavy'] as const) {
    const site = lab.truth.find((s) => s.tags[0] === kind)
    assert.ok(site)
    const page = await get(lab, site.url)
    assert.ok(Math.abs(page.bytes.length - 100_000) < 8_000, `${page.bytes.length} octets of HTML`)
    const scripts = [...page.text.matchAll(/<script (?:async )?src="([^"]+)"/g)].map((match) => match[1] ?? '')
    assert.ok(scripts.length >= 8 && scripts.length <= 17)
    assert.equal(page.text.match(/<iframe/g)?.length, 3)
    assert.equal(page.text.match(/<img/g)?.length, 15)
    let size = 0
    for (const url of scripts) size += (await get(lab, url)).bytes.length
    assert.ok(kind === 'heavy' ? size > 6_500_000 && size < 7_500_000 : size > 300_000 && size < 600_000, `${size} octets of scripts`)
  }
})
