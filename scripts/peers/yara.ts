import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Peer } from './peer.ts'

export const hasYara = (): boolean => spawnSync('yara', ['--version']).status === 0

/** Any rule of the file says something of the sample. Debian's `yara` reads all samples in one go. */
export function yara(rules: string, reads: Peer['reads']): Peer {
  const hit = new Set<string>()
  return {
    name: `YARA, ${basename(rules)}`,
    reads,
    prepare(samples) {
      const folder = mkdtempSync(join(tmpdir(), 'assay-yara-'))
      try {
        const list = join(folder, 'samples')
        writeFileSync(list, `${samples.map(({ path }) => path).join('\n')}\n`)
        const { stdout, status } = spawnSync('yara', ['-w', '-N', '--scan-list', rules, list], {
          encoding: 'utf8',
          maxBuffer: 1 << 28,
          timeout: 300_000,
        })
        if (status !== 0 && stdout === '') throw new Error(`yara said nothing of ${rules}`)
        for (const line of stdout.split('\n')) {
          const at = line.indexOf(' ')
          if (at > 0) hit.add(line.slice(at + 1))
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    flags: (sample) => hit.has(sample.path),
  }
}
