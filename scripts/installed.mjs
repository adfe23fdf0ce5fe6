// installed.mjs ROOT run|all: exits 0 when node_modules holds what package-lock.json names. Runs under any Node since 18.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [root, need] = process.argv.slice(2)
const packages = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages

/** npm's own note of what it laid out; written last, so an interrupted install has none. */
const laidOut = packages('node_modules/.package-lock.json')
const fits = (list, value) => list === undefined || list.includes(value)

const libc = process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'

const missing = Object.entries(packages('package-lock.json')).filter(([path, wanted]) => {
  if (path === '' || wanted.link) return false
  if (need === 'run' && (wanted.dev || wanted.devOptional)) return false
  if (!fits(wanted.os, process.platform) || !fits(wanted.cpu, process.arch)) return false
  if (process.platform === 'linux' && !fits(wanted.libc, libc)) return false
  const found = laidOut[path]
  if (found === undefined) return !wanted.optional || wanted.os !== undefined
  return found.version !== wanted.version || found.integrity !== wanted.integrity || !existsSync(join(root, path, 'package.json'))
})
process.exit(missing.length === 0 ? 0 : 1)
