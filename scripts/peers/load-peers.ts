import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { blockLists, keywords } from './block-lists.ts'
import { mineSweeper, mineSweeperCrypto } from './minesweeper.ts'
import { minos } from './minos.ts'
import type { Absent, Peer } from './peer.ts'
import { opcodeShares } from './thresholds.ts'
import { hasYara, yara } from './yara.ts'

/** Peers with what stands in the folders given: fingerprints, weights, rules and lists, told by their names. What is not there is said. */
export function loadPeers(folders: readonly string[]): {
  peers: Peer[]
  absent: Absent[]
  loads: { miners: string; others: string } | null
} {
  const files = folders.flatMap((folder) => filesOf(folder, 3))
  const named = (name: RegExp): string | undefined => files.find((path) => name.test(basename(path)))
  const peers: Peer[] = [mineSweeperCrypto, opcodeShares(), keywords]
  const absent: Absent[] = []
  const with_ = (path: string | undefined, make: (path: string) => Peer, name: string, needs: string): void => {
    if (path === undefined) absent.push({ name, reason: `no ${needs} in the folders given` })
    else peers.push(make(path))
  }
  with_(named(/cn_fingerprint\.json$/), mineSweeper, "MineSweeper, functions' fingerprints", 'cn_fingerprint.json (vusec/minesweeper)')
  with_(named(/^(?:original|minos).*\.h5$/), minos, 'MINOS', 'original23.h5 (ASSERT-KTH/wasm_evasion); its authors published no model')
  const rules = files.filter((path) => /\.yara?$/.test(path))
  if (!hasYara()) absent.push({ name: 'YARA', reason: 'no program `yara` (Debian package of that name)' })
  else if (rules.length === 0)
    absent.push({ name: 'YARA', reason: 'no *.yar in the folders given (Yara-Rules/rules has crypto_signatures.yar)' })
  else peers.push(...rules.map((path) => yara(path, 'module')))
  const lists = files.filter((path) => /(?:^|\/)snapshots\/[^/]+\.(?:txt|json)$/.test(path)).map((path) => ({ name: basename(path), path }))
  if (lists.length === 0) absent.push({ name: 'block lists', reason: 'no snapshots/*.txt in the folders given' })
  peers.push(...blockLists(lists))
  absent.push(
    { name: 'Outguard, CapJack, RAPID, CoinPolice', reason: 'no model was published; two rules on Outguard’s published rows stand below' },
    { name: 'MinerRay', reason: 'its program builds a call graph with tools that are not to be had here' },
  )
  const miners = named(/outguard-features-crypto\.csv$/)
  const others = named(/outguard-features-benign\.csv$/)
  return { peers, absent, loads: miners === undefined || others === undefined ? null : { miners, others } }
}

function filesOf(folder: string, depth: number): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? (depth > 0 ? filesOf(path, depth - 1) : []) : [path]
  })
}
