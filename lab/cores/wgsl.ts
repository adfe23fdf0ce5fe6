import type { Random } from '../random.ts'
import { sha256Initial } from './finalists.ts'
import { sha256Constants } from './sha256.ts'

/**
 * A hashing core as a compute shader (https://www.w3.org/TR/WGSL/). Binding 0 is read: twenty words of input, most significant octet first,
 * then the first nonce and the target. Binding 1 is written: a flag, the nonce that met the target, eight words of its hash.
 */
export interface GpuCore {
  family: 'sha256' | 'unknown-core'
  text: string
  entryPoint: string
  /** Invocations of one workgroup, and workgroups of one dispatch. */
  workgroupSize: number
  workgroups: number
}

/** Octets of the two buffers. */
export const gpuInputSize = 96
export const gpuOutputSize = 48

export function gpuCore(family: GpuCore['family'], random: Random): GpuCore {
  const workgroupSize = random.pick([32, 64, 128])
  const named = wording(random.fork('names'))
  const body = family === 'sha256' ? sha256Text(random.fork('sha256')) : unknownText(random.fork('unknown'))
  const template = `
@group(0) @binding(0) var<storage, read> $input: array<u32>;
@group(0) @binding(1) var<storage, read_write> $output: array<atomic<u32>>;
${body}
@compute @workgroup_size(${workgroupSize})
fn $main(@builtin(global_invocation_id) $id: vec3<u32>) {
  let $number = $input[20] + $id.x;
  var $sum = $hash($number);
  let $last = $swap($sum[7]);
  if ($last < $input[21]) {
    atomicStore(&$output[1], $number);
    for (var $at = 0u; $at < 8u; $at++) { atomicStore(&$output[2u + $at], $swap($sum[$at])); }
    atomicStore(&$output[0], 1u);
  }
}`
  const text = `
fn $swap($word: u32) -> u32 { return (($word << 24u) | (($word & 0xff00u) << 8u) | (($word >> 8u) & 0xff00u) | ($word >> 24u)); }
${template}`.replace(/\$([a-z]+)/g, (_, name: string) => named(name))
  return {
    family,
    text: random.chance(0.5) ? text.trim() : text.trim().replace(/\s+/g, ' '),
    entryPoint: named('main'),
    workgroupSize,
    workgroups: 4096 / workgroupSize,
  }
}

/** Names of a shader as a person writes them, or as a build step leaves them: no reserved word of WGSL has a digit at its end. */
function wording(random: Random): (template: string) => string {
  const isShort = random.chance(0.6)
  const given = new Map<string, string>()
  const words = random.shuffle(
    'cell lane part slot item unit piece frame layer track curve pixel depth shade light point grid tile step phase wave tone field trace'.split(
      ' ',
    ),
  )
  return (template) => {
    let name = given.get(template)
    if (name === undefined) {
      name = isShort
        ? `${random.text(1, 'abcdefghijkmnpqrstuvwxyz')}${given.size}`
        : `${words[given.size % words.length] ?? 'cell'}${given.size}`
      given.set(template, name)
    }
    return name
  }
}

/** SHA-256 twice over a header of eighty octets (FIPS 180-4): the hash loop of Bitcoin and its kin. */
function sha256Text(random: Random): string {
  const list = (words: readonly bigint[]): string =>
    words.map((word) => (random.chance(0.5) ? `0x${word.toString(16)}u` : `${word}u`)).join(', ')
  return `
const $table = array<u32, 64>(${list(sha256Constants)});
fn $turn($word: u32, $by: u32) -> u32 { return ($word >> $by) | ($word << (32u - $by)); }
fn $pack($state: array<u32, 8>, $block: array<u32, 16>) -> array<u32, 8> {
  var $w: array<u32, 64>;
  for (var $i = 0u; $i < 16u; $i++) { $w[$i] = $block[$i]; }
  for (var $i = 16u; $i < 64u; $i++) {
    let $x = $w[$i - 15u];
    let $y = $w[$i - 2u];
    $w[$i] = $w[$i - 16u] + ($turn($x, 7u) ^ $turn($x, 18u) ^ ($x >> 3u)) + $w[$i - 7u] + ($turn($y, 17u) ^ $turn($y, 19u) ^ ($y >> 10u));
  }
  var $v = $state;
  for (var $i = 0u; $i < 64u; $i++) {
    let $one = $v[7] + ($turn($v[4], 6u) ^ $turn($v[4], 11u) ^ $turn($v[4], 25u)) + (($v[4] & $v[5]) ^ (~$v[4] & $v[6])) + $table[$i] + $w[$i];
    let $two = ($turn($v[0], 2u) ^ $turn($v[0], 13u) ^ $turn($v[0], 22u)) + (($v[0] & $v[1]) ^ ($v[0] & $v[2]) ^ ($v[1] & $v[2]));
    $v = array<u32, 8>($one + $two, $v[0], $v[1], $v[2], $v[3] + $one, $v[4], $v[5], $v[6]);
  }
  for (var $i = 0u; $i < 8u; $i++) { $v[$i] = $v[$i] + $state[$i]; }
  return $v;
}
fn $hash($number: u32) -> array<u32, 8> {
  let $first = array<u32, 8>(${list(sha256Initial)});
  var $block: array<u32, 16>;
  for (var $i = 0u; $i < 16u; $i++) { $block[$i] = $input[$i]; }
  let $middle = $pack($first, $block);
  for (var $i = 0u; $i < 16u; $i++) { $block[$i] = 0u; }
  for (var $i = 0u; $i < 3u; $i++) { $block[$i] = $input[16u + $i]; }
  $block[3] = $swap($number);
  $block[4] = 2147483648u;
  $block[15] = 640u;
  let $inner = $pack($middle, $block);
  for (var $i = 0u; $i < 8u; $i++) { $block[$i] = $inner[$i]; $block[$i + 8u] = 0u; }
  $block[8] = 2147483648u;
  $block[15] = 256u;
  return $pack($first, $block);
}`
}

/** Rounds of no published algorithm, their constants drawn by the seed. */
function unknownText(random: Random): string {
  const constants = Array.from({ length: 8 }, () => `${random.word()}u`)
  const [left, right] = random.pick([
    [7, 25],
    [13, 19],
    [11, 21],
    [9, 23],
  ] as const)
  return `
fn $hash($number: u32) -> array<u32, 8> {
  var $v = array<u32, 8>(${constants.join(', ')});
  for (var $i = 0u; $i < 19u; $i++) { $v[$i & 7u] = ($v[$i & 7u] ^ $input[$i]) * ${(random.word() | 1) >>> 0}u; }
  $v[3] = $v[3] ^ $number;
  for (var $r = 0u; $r < ${random.int(300, 600)}u; $r++) {
    for (var $i = 0u; $i < 8u; $i++) {
      let $x = $v[$i] + $v[($i + 3u) & 7u];
      $v[($i + 5u) & 7u] = $v[($i + 5u) & 7u] ^ (($x << ${left}u) | ($x >> ${right}u));
      $v[$i] = ($x ^ ($x >> 15u)) * ${(random.word() | 1) >>> 0}u;
    }
  }
  return $v;
}`
}
