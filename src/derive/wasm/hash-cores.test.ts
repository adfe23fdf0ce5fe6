import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analyseModule } from './analyse.ts'
import { hashCores } from './hash-cores.ts'
import { assemble } from './testing/text.ts'
import { keccakData, maskings, nonceLoop, sboxData, scratchpadModule, table, turns, words } from './testing/shapes.ts'

const masked = maskings['and with the mask']!
const cryptonightData = [
  sboxData(4_096),
  keccakData(8_192),
  words(12_288, table('aes-table').slice(0, 600)),
  words(20_480, table('groestl-table').slice(0, 800)),
  words(32_768, table('jh-constants')),
  words(40_960, table('skein-start')),
  words(45_056, table('blake256-constants')),
]
const blake2b = turns('$hash64', [32, 40, 48, 1], true)
const sha256 = turns('$hash', [30, 19, 10, 26, 21, 7, 25, 14, 15, 13])

/** What the module in this text is: `kind family rule`, or `nothing`. */
async function judge(text: string): Promise<string> {
  const core = hashCores(analyseModule(await assemble(text)))
  if (core === null) return 'nothing'
  for (const reason of core.reasons) assert.ok(reason.text.length > 10)
  assert.ok(core.reasons.length > 0, 'no finding without a reason')
  return `${core.kind} ${core.family} ${core.rule}`
}

describe('a CryptoNight core', () => {
  for (const [name, masking] of Object.entries(maskings)) {
    it(`is known when its index is written with ${name}`, async () => {
      assert.equal(await judge(scratchpadModule({ masking, data: [sboxData(4_096), keccakData(8_192)] })), 'mining cryptonight CN-1')
    })
  }
  it('is known by its constants when its walk is not seen', async () => {
    assert.equal(await judge(`(module (memory 64) ${cryptonightData.join('\n')})`), 'mining cryptonight CN-2')
  })
  it('is known by a walk over another size', async () => {
    for (const mask of ['0xffff0', '0x3ffff0', '0x3fff0', '0x1fff0'])
      assert.equal(
        await judge(scratchpadModule({ masking: masked.replace('0x1ffff0', mask), data: [sboxData(4_096), keccakData(8_192)] })),
        'mining cryptonight CN-1',
      )
  })
  it('is known when its tables stand under a mask', async () => {
    const data = [
      words(4_096, table('aes-sbox'), 0x13579bdf),
      words(8_192, table('skein-start'), 0x2468ace1),
      words(9_000, table('blake256-constants'), 0x0badcafe),
    ]
    assert.equal(await judge(scratchpadModule({ masking: masked, data })), 'mining cryptonight CN-1')
  })
})

describe('near misses', () => {
  const cases: Record<string, string> = {
    'the walk without any hash': scratchpadModule({ masking: masked }),
    'constants of AES and Keccak without the walk': `(module (memory 64) ${sboxData(4_096)} ${keccakData(8_192)})`,
    'a table that is only read': scratchpadModule({ masking: masked, readsOnly: true, data: [sboxData(4_096), keccakData(8_192)] }),
    'a masked access outside of any loop': scratchpadModule({
      masking: masked,
      straight: true,
      data: [sboxData(4_096), keccakData(8_192)],
    }),
    'an index that counts up': scratchpadModule({
      masking: '(i32.shl (local.get $rounds) (i32.const 4))',
      data: [sboxData(4_096), keccakData(8_192)],
    }),
    'a hash table of 32 KiB': scratchpadModule({
      masking: masked.replace('0x1ffff0', '0x7ff8'),
      data: [sboxData(4_096), keccakData(8_192)],
    }),
    'an emulator of a machine with 2 MiB': scratchpadModule({ masking: masked.replace('0x1ffff0', '0x1fffff') }),
    'the bare number 2 MiB': '(module (memory 64) (func (param i32) (result i32) (i32.add (local.get 0) (i32.const 2097152))))',
  }
  for (const [name, text] of Object.entries(cases)) {
    it(`does not call mining: ${name}`, async () => {
      assert.doesNotMatch(await judge(text), /^mining/)
    })
  }
  it('calls a wallet a wallet, though it holds all of a miner', async () => {
    const filler = `(func (param f64) (result f64) ${'(local.set 0 (f64.add (local.get 0) (f64.const 1)))\n'.repeat(40_000)} (local.get 0))`
    const text = '(data (i32.const 60000) "wallet2 mnemonic seed words, ringct, key_image, subaddress")'
    const module = scratchpadModule({
      masking: masked,
      data: [...cryptonightData, words(50_000, table('curve25519-elements')), text],
      more: filler,
    })
    assert.equal(await judge(module), 'wallet wallet WA-1')
    assert.equal(await judge(module.replace(/wallet2.*subaddress/, 'x')), 'mining cryptonight CN-1')
    assert.equal(
      await judge(scratchpadModule({ masking: masked, data: [...cryptonightData, text] })),
      'mining cryptonight CN-1',
      'words alone excuse nothing',
    )
  })
})

describe('other cores', () => {
  it('RandomX by its own constants, in code or folded out of two', async () => {
    const constants = table('randomx-superscalar')
    const halves = constants.map((value) => `(drop (i32.xor (i32.const ${(value ^ 0x5a5a1234) | 0}) (i32.const 0x5a5a1234)))`).join('\n')
    const mixing = '(drop (i32.xor (local.get 0) (i32.shl (local.get 0) (i32.const 3))))\n'.repeat(8)
    assert.equal(await judge(`(module (memory 1) (func (param i32) ${halves} ${mixing}))`), 'mining randomx RX-1')
    assert.equal(await judge(`(module (memory 1) ${words(1_024, table('randomx-aes'))})`), 'mining randomx RX-1')
  })
  it('a RandomX program made at run time, and not another program in a large memory', async () => {
    const load = (mask: string): string =>
      `(local.set 1 (i64.xor (local.get 1) (i64.load (i32.and (i32.wrap_i64 (local.get 1)) (i32.const ${mask})))))`
    const program = (
      masks: readonly string[],
    ): string => `(module (import "e" "m" (memory 4098)) (func (export "d") (param i32) (local i64 f64)
      (local.set 1 (i64.load (local.get 0)))
      ${masks.map(load).join('\n')}
      ${'(local.set 2 (f64.mul (local.get 2) (f64.add (local.get 2) (f64.const 1))))\n'.repeat(8)}
      ${'(local.set 1 (i64.mul (i64.rotr (local.get 1) (i64.const 7)) (i64.xor (local.get 1) (i64.const 77))))\n'.repeat(6)}))`
    assert.equal(await judge(program(['0x3ff8', '0x3fff8', '0x1ffff8'])), 'mining randomx RX-3')
    assert.equal(await judge(program(['0xffff', '0xfffc'])), 'nothing')
  })
  it('scrypt with a fixed N, and not a library that is given N', async () => {
    const text = (mask: string): string => `(module (memory 16) ${turns('$salsa', [7, 9, 13, 18])}
      (func (export "mix") (param $v i32) (param $x i32) (param $n i32) (local $i i32) (loop $next
        (i32.store (local.get $x) (i32.xor (call $salsa (i32.load (local.get $x)))
          (i32.load (i32.add (local.get $v) (i32.shl (i32.and (i32.load offset=60 (local.get $x)) ${mask}) (i32.const 7))))))
        (i32.store offset=4 (local.get $x) (i32.xor (i32.load offset=4 (local.get $x)) (i32.shr_u (i32.load (local.get $x)) (i32.const 3))))
        (i32.store offset=8 (local.get $x) (i32.xor (i32.load offset=8 (local.get $x)) (i32.shl (i32.load (local.get $x)) (i32.const 5))))
        (i32.store offset=12 (local.get $x) (i32.xor (i32.load offset=12 (local.get $x)) (i32.and (i32.load (local.get $x)) (i32.const 0x55555555))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))))`
    assert.equal(await judge(text('(i32.const 1023)')), 'mining scrypt SC-1')
    assert.equal(await judge(text('(i32.sub (local.get $n) (i32.const 1))')), 'crypto-library salsa20 CL-1')
  })
  it('a chain of hashes that only coins use', async () => {
    assert.equal(
      await judge(`(module (memory 16) ${words(1_024, table('luffa-start'))} ${words(4_096, table('cubehash-start'))})`),
      'mining multi-hash XH-1',
    )
    assert.equal(await judge(`(module (memory 16) ${words(1_024, table('luffa-start'))})`), 'crypto-library luffa CL-1')
  })
  it('Ethash by its mixing beside Keccak, and FNV over text not', async () => {
    const mix = (load: string): string => `(func (export "mix") (param i32) (local i32) (loop $next
      (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 0x01000193)) (${load} (local.get 0))))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 4))))) (i32.store (i32.const 0) (local.get 1)))`
    assert.equal(await judge(`(module (memory 16) ${keccakData(8_192)} ${mix('i32.load')})`), 'mining ethash ET-1')
    assert.equal(await judge(`(module (memory 16) ${keccakData(8_192)} ${mix('i32.load8_u')})`), 'crypto-library keccak CL-1')
  })
  it('a core nobody knows: a data-chosen walk that mixes, beside a hash', async () => {
    assert.equal(
      await judge(
        scratchpadModule({ masking: masked.replace('0x1ffff0', '0x1fffe0'), more: blake2b }).replace('(br_if $again', scratchpadSecond),
      ),
      'mining unknown-core UC-1',
    )
  })
  it('a core of no known hash, where a nonce loop drives its walk', async () => {
    const search = nonceLoop.replace(
      '(call $hash (i32.load (local.get $input)))',
      '(i32.wrap_i64 (call 1 (local.get $input) (i32.const 99)))',
    )
    assert.equal(await judge(scratchpadModule({ masking: masked, more: search })), 'mining unknown-core UC-2')
    const counting = search.replace(
      '(i32.lt_u (i32.load offset=64 (local.get $input)) (i32.load (local.get $target)))',
      '(i32.gt_u (local.get $nonce) (i32.const 9))',
    )
    assert.equal(await judge(scratchpadModule({ masking: masked, more: counting })), 'nothing', 'a loop that only counts seeks no nonce')
    // A game that looks rows up by 16 bits of a board: long code with little mixing.
    const ballast = `(local.set $low (i32.add (local.get $low) (i32.const 1)))\n`.repeat(60)
    const board = scratchpadModule({
      masking: `(i32.shl (i32.and (i32.wrap_i64 (local.get $a)) (i32.const 0xffff)) (i32.const 3))`,
      more: search,
    })
    assert.equal(await judge(board.replace('(br_if $again', `${ballast} (br_if $again`)), 'nothing')
  })
  it('SHA-256 alone is a library, driven over a nonce it is proof of work, and mining only where it says so itself', async () => {
    const memory = '(memory 1)'
    assert.equal(await judge(`(module ${memory} ${sha256})`), 'crypto-library sha256 CL-1')
    assert.equal(await judge(`(module ${memory} ${sha256} ${nonceLoop})`), 'proof-of-work sha256 PW-1')
    assert.equal(
      await judge(`(module ${memory} ${sha256} ${nonceLoop} (data (i32.const 0) "stratum job_id hashrate"))`),
      'mining sha256 NM-1',
    )
    assert.equal(await judge(`(module ${memory} ${sha256} (data (i32.const 0) "stratum job_id hashrate"))`), 'crypto-library sha256 CL-1')
  })
  it('Keccak by its turns alone, also in halves of 32 bits', async () => {
    const offsets = [1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14]
    assert.equal(await judge(`(module ${turns('$p', offsets, true)})`), 'crypto-library keccak CL-1')
    const funnels = offsets
      .flatMap((offset) =>
        [
          [0, 1],
          [1, 0],
        ].map(
          ([high, low]) =>
            `(local.set 2 (i32.xor (local.get 2) (i32.or (i32.shl (local.get ${high}) (i32.const ${offset % 32})) (i32.shr_u (local.get ${low}) (i32.const ${32 - (offset % 32)})))))`,
        ),
      )
      .join('\n')
    assert.equal(
      await judge(`(module (func (param i32 i32) (result i32) (local i32) ${funnels} (local.get 2)))`),
      'crypto-library keccak CL-1',
    )
  })
})

const scratchpadSecond = `
  (local.set $at (i32.add (local.get $pad) (i32.and (i32.wrap_i64 (local.get $b)) (i32.const 0x1fffe0))))
  (local.set $x (i64.xor (i64.load (local.get $at)) (local.get $a)))
  (i64.store (local.get $at) (i64.mul (local.get $x) (local.get $b)))
  (br_if $again`

describe('names', () => {
  const keccak = turns('$p', [1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14], true)
  it("a hash exported under a coin's name is that coin's", async () => {
    assert.equal(await judge(`(module ${keccak.replace('$p', '$p (export "_kheavyhash")')})`), 'mining kheavyhash NM-2')
    assert.equal(await judge(`(module ${keccak.replace('$p', '$p (export "_hash")')})`), 'crypto-library keccak CL-1')
  })
  it('a name without a hash is nothing', async () => {
    assert.equal(await judge('(module (func (export "kheavyhash") (param f64) (result f64) (local.get 0)))'), 'nothing')
  })
})
