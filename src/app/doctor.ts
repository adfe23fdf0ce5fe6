import { type MachineFacts, machineFacts } from './machine-facts.ts'

export interface Check {
  /** Stable, for `--json`. */
  id: string
  title: string
  /** `missing`: visiting, or the part that is named, does not work. `poor`: works, not as well as it could. */
  state: 'ok' | 'poor' | 'missing'
  /** What is there, one line. */
  found: string
  /** The one thing to do, where there is one. */
  todo: string | null
}

const MB = 1_000_000
const GB = 1_000_000_000

/** What is there and what is not. Starts the browser and the database's binary once; changes nothing. */
export async function doctor(options: { dir?: string; browser?: string | null } = {}): Promise<Check[]> {
  return checksOf(await machineFacts({ dir: options.dir ?? '.', browser: options.browser ?? null }))
}

export function checksOf(facts: MachineFacts): Check[] {
  return [
    node(facts),
    dependencies(facts),
    browser(facts),
    sandbox(facts),
    userNamespaces(facts),
    fonts(facts),
    user(facts),
    memory(facts),
    sharedMemory(facts),
    disk(facts),
    clock(facts),
    names(facts),
    database(facts),
  ]
}

function node({ node: { version, pinned } }: MachineFacts): Check {
  const check = { id: 'node', title: 'Node' }
  const major = Number(/^v(\d+)/.exec(version)?.[1] ?? 0)
  if (major < 24) return { ...check, state: 'missing', found: version, todo: 'Start ./assay: it brings its own Node.' }
  return { ...check, state: 'ok', found: `${version}, ${pinned ? 'the pinned one' : "this machine's own"}`, todo: null }
}

function dependencies({ missingPackages }: MachineFacts): Check {
  const check = { id: 'dependencies', title: 'Libraries' }
  if (missingPackages.length === 0) return { ...check, state: 'ok', found: 'all, as package.json names them', todo: null }
  return {
    ...check,
    state: 'missing',
    found: `absent or another version: ${missingPackages.join(', ')}`,
    todo: 'Delete node_modules and start ./assay.',
  }
}

function browser({ browser: found }: MachineFacts): Check {
  const check = { id: 'browser', title: 'Browser' }
  if (!found.ok) return { ...check, state: 'missing', found: found.message, todo: found.hint ?? 'assay scan installs one where it can.' }
  const { executable, source, headlessShell, trial } = found.value
  if (!trial.ok)
    return {
      ...check,
      state: 'missing',
      found: `${executable} (${source}) does not start: ${trial.message}`,
      todo: 'Install another, or name one: --browser PATH.',
    }
  const shell = headlessShell ? ', a headless shell: some pages can tell' : ''
  return {
    ...check,
    state: 'ok',
    found: `${trial.value.product}, ${executable} (${source}${shell}), started in ${trial.value.startMs} ms`,
    todo: null,
  }
}

function sandbox({ browser: found, uid, userNamespaces: { appArmorRestricts } }: MachineFacts): Check {
  const check = { id: 'sandbox', title: "Browser's sandbox" }
  if (!found.ok || !found.value.trial.ok) return { ...check, state: 'missing', found: 'not tried: no browser started', todo: null }
  if (found.value.trial.value.sandbox)
    return { ...check, state: 'ok', found: `on, tried${uid === 0 ? ' as the user that the browser is dropped to' : ''}`, todo: null }
  return {
    ...check,
    state: 'poor',
    found: 'off: a page that breaks out of its renderer has the rights of this user',
    todo: appArmorRestricts
      ? 'Allow user namespaces to the browser (AppArmor profile), or run in a machine of its own.'
      : 'Allow unprivileged user namespaces (sysctl user.max_user_namespaces), or run in a machine of its own.',
  }
}

function userNamespaces({ userNamespaces: { max, unprivilegedClone, appArmorRestricts } }: MachineFacts): Check {
  const check = { id: 'user-namespaces', title: 'User namespaces' }
  if (max === 0 || unprivilegedClone === false) {
    return {
      ...check,
      state: 'poor',
      found: 'closed to ordinary users',
      todo: 'sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1',
    }
  }
  if (appArmorRestricts)
    return {
      ...check,
      state: 'poor',
      found: 'restricted by AppArmor',
      todo: 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or a profile for the browser.',
    }
  return { ...check, state: 'ok', found: max === null ? 'no such switch in this kernel' : `open, up to ${max}`, todo: null }
}

function fonts({ browser: found }: MachineFacts): Check {
  const check = { id: 'fonts', title: 'Fonts' }
  if (!found.ok || !found.value.trial.ok) return { ...check, state: 'missing', found: 'not tried: no browser started', todo: null }
  if (found.value.trial.value.rendersText) return { ...check, state: 'ok', found: 'the browser shows text', todo: null }
  return {
    ...check,
    state: 'poor',
    found: 'the browser shows no text: pages and screenshots stay empty',
    todo: 'Install a font (Debian: apt-get install fonts-liberation fonts-droid-fallback).',
  }
}

function user({ uid }: MachineFacts): Check {
  const found = uid === 0 ? 'root; the browser is dropped to an unprivileged user' : uid === null ? 'not told by this system' : `uid ${uid}`
  return { id: 'user', title: 'User', state: 'ok', found, todo: null }
}

/** One browser with one page took 211 to 400 MB (bench/capture.ts); a heavy page more. */
function memory({ availableMemoryBytes: bytes }: MachineFacts): Check {
  const check = { id: 'memory', title: 'Memory', found: `${(bytes / GB).toFixed(1)} GB available` }
  if (bytes < 500 * MB) return { ...check, state: 'missing', todo: 'Give it 1 GB or more.' }
  return bytes < GB
    ? { ...check, state: 'poor', todo: 'Visit one page at a time (--jobs 1), or give it more.' }
    : { ...check, state: 'ok', todo: null }
}

function sharedMemory({ sharedMemoryBytes: bytes }: MachineFacts): Check {
  const check = { id: 'shared-memory', title: '/dev/shm' }
  if (bytes === null)
    return { ...check, state: 'poor', found: 'none; the browser uses files instead', todo: 'In a container: --shm-size=1g.' }
  const found = `${Math.round(bytes / MB)} MB`
  if (bytes >= 512 * 1024 * 1024) return { ...check, state: 'ok', found, todo: null }
  return {
    ...check,
    state: 'poor',
    found: `${found}; the browser uses files instead, which is slower`,
    todo: 'In a container: --shm-size=1g.',
  }
}

function disk({ freeBytes }: MachineFacts): Check {
  const check = {
    id: 'disk',
    title: 'Disk',
    found: freeBytes.map(({ folder, bytes }) => `${(bytes / GB).toFixed(1)} GB free in ${folder}`).join(', '),
  }
  const least = Math.min(...freeBytes.map(({ bytes }) => bytes))
  if (least < 200 * MB)
    return { ...check, state: 'missing', todo: 'Free some space: a capture takes 1 to 10 MB, the browser more while it runs.' }
  return least < 2 * GB
    ? { ...check, state: 'poor', todo: 'Enough for some pages; a crawl wants more.' }
    : { ...check, state: 'ok', todo: null }
}

function clock({ clock: { now, notBefore } }: MachineFacts): Check {
  const check = { id: 'clock', title: 'Clock' }
  if (now >= notBefore) return { ...check, state: 'ok', found: `${now}, not held against an outside clock`, todo: null }
  return {
    ...check,
    state: 'poor',
    found: `${now} is before this checkout was made (${notBefore})`,
    todo: 'Set the clock: captures are dated by it, and certificates fail.',
  }
}

function names({ names: found }: MachineFacts): Check {
  const check = { id: 'names', title: 'Names (DNS)' }
  if (found.ok) return { ...check, state: 'ok', found: `example.com has ${found.value.length} addresses`, todo: null }
  return {
    ...check,
    state: 'missing',
    found: found.message,
    todo: 'Pages of the web cannot be visited; judge, demo and lab work. Is this machine online, is /etc/resolv.conf right?',
  }
}

function database({ postgres }: MachineFacts): Check {
  const check = { id: 'database', title: 'PostgreSQL' }
  if (postgres.ok) return { ...check, state: 'ok', found: `${postgres.value}, embedded`, todo: null }
  return {
    ...check,
    state: 'missing',
    found: postgres.message,
    todo: postgres.hint ?? 'scan and judge work without; demo and crawls need one: --database postgres://…',
  }
}
