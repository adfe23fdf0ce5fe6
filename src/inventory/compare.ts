import { artifacts, type Capture } from '#model/capture.ts'
import { type CodeChange, type ComparedCode, type ComparedPage, type Comparison, comparisonSchemaVersion } from '#model/comparison.ts'
import type { Component } from '#model/component.ts'
import type { Conversation } from '#model/conversation.ts'
import type { Finding } from '#model/finding.ts'
import { gapsOf } from '#model/gap.ts'
import type { Observation } from '#model/observation.ts'
import { hostOfUrl } from '#derive/party.ts'
import { type SimilarityDigest, similarity } from '#derive/similarity.ts'

/** One of the two: a capture with its answer, of the same judgement as the other's. */
export interface ComparedSide {
  capture: Capture
  observation: Observation
  conversations: readonly Conversation[]
  /** By digest of the blob; those that are not at hand are not in it. */
  similarities: ReadonlyMap<string, SimilarityDigest>
}

/** Above this two texts at different addresses are taken for versions of one. */
const muchAlike = 0.5
/** Pairs that are tried: more pieces than their root on both sides is a page that was made anew. */
const maxPairs = 250_000
const comparedKinds: ReadonlySet<string> = new Set(['request', 'script', 'wasm', 'worker', 'websocket', 'component'])

/** Two captures of a page: what code came, went, changed; hosts, findings; what the miner did then and now. */
export function compareCaptures(before: ComparedSide, after: ComparedSide): Comparison {
  const code = compareCode(before, after)
  const hosts = compareSets(hostsOf(before.capture), hostsOf(after.capture))
  const findings = compareFindings(before.observation.findings, after.observation.findings)
  return {
    schema: 'assay.comparison',
    schemaVersion: comparisonSchemaVersion,
    before: pageOf(before),
    after: pageOf(after),
    sameSite: before.observation.site === after.observation.site,
    inOrder: before.observation.observedAt <= after.observation.observedAt,
    conditions: conditionsThatDiffer(before.observation, after.observation),
    code,
    hosts,
    findings,
    notWhole: [...notWholeOf(before, 'before'), ...notWholeOf(after, 'after')],
    isChanged: code.changes.length > 0,
  }
}

function compareCode(before: ComparedSide, after: ComparedSide): Comparison['code'] {
  const left = new Set(before.observation.components)
  const right = new Set(after.observation.components)
  const changes: CodeChange[] = []
  let same = 0
  const pair = (a: Component, b: Component): void => {
    left.delete(a)
    right.delete(b)
    if (a.digest === b.digest) {
      if (a.slot === b.slot || a.url === b.url || !hasAddress(a) || !hasAddress(b)) same++
      else changes.push({ change: 'moved', before: codeOf(a), after: codeOf(b), similarity: 1 })
    } else changes.push({ change: 'changed', before: codeOf(a), after: codeOf(b), similarity: alike(a, b) })
  }
  const alike = (a: Component, b: Component): number | null => {
    const [one, other] = [before.similarities.get(a.digest ?? ''), after.similarities.get(b.digest ?? '')]
    return one === undefined || other === undefined ? null : round(similarity(one, other))
  }
  const join = (key: (component: Component) => string | null): void => {
    const waiting = new Map<string, Component[]>()
    for (const component of right) {
      const name = key(component)
      if (name !== null) waiting.set(name, [...(waiting.get(name) ?? []), component])
    }
    for (const component of left) {
      const name = key(component)
      const partner = name === null ? undefined : waiting.get(name)?.shift()
      if (partner !== undefined) pair(component, partner)
    }
  }
  join(({ slot, digest }) => (digest === null ? null : `${slot} ${digest}`))
  join(({ url, digest }) => (digest === null ? null : `${url} ${digest}`))
  join(({ digest }) => digest)
  join((component) => (hasAddress(component) ? component.url : null))

  // Slots of code without an address only count blocks: one put in between would shift all others. So texts decide before places do.
  if (left.size * right.size <= maxPairs) {
    const pairs = [...left].flatMap((a) =>
      [...right].flatMap((b) => {
        const share = alike(a, b)
        return share !== null && share >= muchAlike ? [{ a, b, share }] : []
      }),
    )
    for (const { a, b } of pairs.sort((x, y) => y.share - x.share)) if (left.has(a) && right.has(b)) pair(a, b)
  }
  join((component) => (hasAddress(component) ? component.slot : null))
  for (const component of left) changes.push({ change: 'went', before: codeOf(component), after: null, similarity: null })
  for (const component of right) changes.push({ change: 'came', before: null, after: codeOf(component), similarity: null })
  return { same, changes: changes.sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change)) }
}

const order: readonly CodeChange['change'][] = ['came', 'changed', 'moved', 'went']
const round = (share: number): number => Math.round(share * 100) / 100
/** What is fetched from somewhere; a block in the page, a blob or a module in memory has an address of the moment, or the page's. */
const hasAddress = (component: Component): boolean => component.party !== 'inline' && /^https?:/i.test(component.url)

function codeOf(component: Component): ComparedCode {
  return {
    artifact: component.artifact,
    url: component.url,
    digest: component.digest,
    size: component.size,
    owner: component.party === 'inline' ? '' : (component.entity?.name ?? component.registrableDomain ?? component.host),
    party: component.party,
  }
}

function hostsOf(capture: Capture): Set<string> {
  const urls = [...artifacts(capture, 'request').items, ...artifacts(capture, 'websocket').items].map(({ url }) => url)
  return new Set(urls.map(hostOfUrl).filter((host) => host !== ''))
}

function compareSets(before: ReadonlySet<string>, after: ReadonlySet<string>): Comparison['hosts'] {
  return {
    same: [...before].filter((each) => after.has(each)).length,
    came: [...after].filter((each) => !before.has(each)).sort(),
    went: [...before].filter((each) => !after.has(each)).sort(),
  }
}

/** A finding is the same where it says the same of the same; its title may count what it found. */
const keyOf = (finding: Finding): string =>
  [finding.detector, finding.kind, finding.family, finding.service, finding.account].map((part) => part ?? '').join('\n')

function compareFindings(before: readonly Finding[], after: readonly Finding[]): Comparison['findings'] {
  const [left, right] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))]
  const plain = ({ weight: _, ...finding }: Finding): Omit<Finding, 'weight'> => finding
  return {
    same: [...left].filter((key) => right.has(key)).length,
    came: after.filter((finding) => !left.has(keyOf(finding))).map(plain),
    went: before.filter((finding) => !right.has(keyOf(finding))).map(plain),
  }
}

function pageOf({ capture, observation, conversations }: ComparedSide): ComparedPage {
  const mining = observation.findings.filter(({ kind }) => kind === 'mining')
  const cpu = artifacts(capture, 'cpu')
  const isMeasured = cpu.status === 'complete' || cpu.items.length > 0
  const others = cpu.items.filter(({ thread }) => thread !== 'page')
  const named = (values: readonly (string | null | undefined)[]): string[] => [...new Set(values.filter((value) => value != null))].sort()
  return {
    captureId: observation.captureId,
    url: observation.url,
    finalUrl: observation.finalUrl,
    at: observation.observedAt,
    sentence: observation.conclusion.sentence,
    miner: {
      status: observation.conclusion.status,
      mining: observation.conclusion.mining,
      families: named(mining.map(({ family }) => family)),
      services: named(mining.map(({ service }) => service)),
      accounts: named(observation.conclusion.accounts.map(({ account }) => account)),
      pools: named(conversations.filter(({ pool }) => pool !== null).map(({ url }) => hostOfUrl(url))),
      loadCores: isMeasured ? round(others.reduce((sum, { busy }) => sum + busy, 0)) : null,
      busyThreads: isMeasured ? cpu.items.filter(({ busy }) => busy > 0.5).length : null,
    },
  }
}

function conditionsThatDiffer(before: Observation, after: Observation): Comparison['conditions'] {
  const shown = (observation: Observation): [string, string][] => {
    const { conditions } = observation
    return [
      ['lane', conditions.lane],
      ['vantage', conditions.vantage],
      ['page reached', observation.reached],
      ['user agent', conditions.userAgent],
      ['viewport', conditions.viewport === undefined ? '' : `${conditions.viewport.width} × ${conditions.viewport.height}`],
      ['dwell', `${conditions.dwellMs} ms`],
      ['consent', conditions.consent],
      ['browser', conditions.browser ?? ''],
      ['proxy', conditions.proxy ?? ''],
      ['headers', (conditions.extraHeaders ?? []).join(', ')],
      ['referrer', conditions.referrer ?? ''],
      ['wallet shown', conditions.wallet === true ? 'yes' : ''],
    ]
  }
  const then = new Map(shown(before))
  return shown(after).flatMap(([name, value]) => {
    const was = then.get(name) ?? ''
    return was === value ? [] : [{ name, before: was, after: value }]
  })
}

function notWholeOf({ capture, observation }: ComparedSide, side: 'before' | 'after'): Comparison['notWhole'] {
  return (observation.gaps ?? gapsOf(capture.manifest))
    .filter(({ artifact }) => comparedKinds.has(artifact))
    .map(({ artifact, reason }) => ({ side, artifact, reason }))
}
