import { readdir } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { AssayError } from '#model/errors.ts'
import type { Detector } from '#detect/contract.ts'

const folder = fileURLToPath(new URL('../detect/detectors/', import.meta.url))
let loaded: Promise<readonly Detector[]> | null = null

/** Every file in src/detect/detectors that is no test exports `detector`; sorted by id. Nobody keeps a list. */
export function loadDetectors(): Promise<readonly Detector[]> {
  return (loaded ??= load())
}

async function load(): Promise<readonly Detector[]> {
  const names = (await readdir(folder)).filter((name) => /^[a-z0-9-]+\.(ts|js)$/.test(name)).sort()
  const detectors = await Promise.all(
    names.map(async (name) => {
      const module = (await import(pathToFileURL(join(folder, name)).href)) as { detector?: Detector }
      if (module.detector === undefined) throw new AssayError('INTERNAL', `src/detect/detectors/${name} exports no detector`)
      return module.detector
    }),
  )
  const ids = new Set(detectors.map(({ meta }) => meta.id))
  if (ids.size !== detectors.length) throw new AssayError('INTERNAL', 'two detectors have one id')
  return detectors.sort((a, b) => (a.meta.id < b.meta.id ? -1 : 1))
}
