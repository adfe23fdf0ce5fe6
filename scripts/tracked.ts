// tracked.ts: no registry's address in a lock file, no path of one machine in any tracked text, no tracked file over 1 MiB.
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
/** A folder that only some machine has, as the start of a path. Written in pieces, so that this file does not name one. */
const machineFolders = ['work', 'farm', 'root', 'home/[a-z]+', 'Users/[A-Za-z]+', 'tmp/bash_jobs'].map((folder) => `/${folder}/`)
const machinePath = new RegExp(`(?<![A-Za-z0-9._/:*$}-])(${machineFolders.join('|')})`)

const complaints: string[] = []
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '')
for (const file of files) {
  const path = join(root, file)
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) continue
  if (size > 1024 * 1024) complaints.push(`${file} has ${Math.round(size / 1024)} KiB: keep fixtures small and our own, or generate them`)
  const bytes = readFileSync(path)
  if (bytes.includes(0)) continue
  const lines = bytes.toString('utf8').split('\n')
  const isLock = file.endsWith('package-lock.json')
  lines.forEach((line, index) => {
    if (isLock && /"resolved": *"https?:/.test(line))
      complaints.push(`${file}:${index + 1} names a registry: npm config set omit-lockfile-registry-resolved=true, then npm install`)
    else if (!isLock && (machinePath.test(line) || (homedir().length > 6 && line.includes(`${homedir()}/`)))) {
      complaints.push(`${file}:${index + 1} holds a path of one machine: ${line.trim().slice(0, 100)}`)
    }
  })
}
for (const complaint of complaints) console.log(complaint)
if (files.length === 0) console.log('git lists no file: the check is broken')
process.exit(complaints.length > 0 || files.length === 0 ? 1 : 0)
