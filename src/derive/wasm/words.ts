import type { Module } from './decode.ts'

/** Words that tell what a module is for, by purpose. Whoever writes a module can write any of them: they name, they never decide. */
const purposes: Readonly<Record<string, readonly string[]>> = {
  mining: [
    'stratum',
    'mining.',
    'hashrate',
    'job_id',
    'cryptonight',
    'cn_slow_hash',
    'slow_hash',
    'randomx',
    'scanhash',
    'equihash',
    'yescrypt',
    'verushash',
    'heavyhash',
    'nicehash',
  ],
  pow: ['launchpow', 'proof_of_work', 'proofofwork', 'hashcash', 'solveblake2b', 'captcha'],
  wallet: [
    'wallet',
    'mnemonic',
    'seed phrase',
    'bip39',
    'ringct',
    'key_image',
    'subaddress',
    'view key',
    'spend key',
    'viewkey',
    'spendkey',
    'bulletproof',
  ],
  library: ['libsodium', 'sodium_', 'argon2', 'openssl', 'mbedtls', 'bcrypt', 'pbkdf2'],
}

const maxOctets = 2_000_000

/** `purpose:word` for each found in names and data, sorted. */
export function wordsIn(bytes: Uint8Array, module: Module): string[] {
  const names = [...module.exports.map(({ name }) => name), ...module.imports.map(({ name }) => name)]
    .slice(0, 4_000)
    .join('\n')
    .toLowerCase()
  let budget = maxOctets
  const texts = [names]
  for (const segment of module.data) {
    const size = Math.min(budget, segment.to - segment.from)
    if (size <= 0) break
    budget -= size
    texts.push(
      Buffer.from(bytes.buffer, bytes.byteOffset + segment.from, size)
        .toString('latin1')
        .toLowerCase(),
    )
  }
  const found: string[] = []
  for (const [purpose, words] of Object.entries(purposes))
    for (const word of words) if (texts.some((text) => text.includes(word))) found.push(`${purpose}:${word}`)
  return found
}
