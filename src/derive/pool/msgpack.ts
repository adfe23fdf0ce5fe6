/**
 * MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) → value, or undefined where the octets are not exactly one value.
 * Binary and extension types come out as `Uint8Array`. Bounded: depth 16, 4,096 values.
 */
export function decodeMsgpack(octets: Uint8Array): unknown {
  const reader = { octets, view: new DataView(octets.buffer, octets.byteOffset, octets.byteLength), at: 0, left: 4_096 }
  try {
    const value = read(reader, 0)
    return reader.at === octets.length ? value : undefined
  } catch (error) {
    if (error instanceof RangeError || error instanceof NotMsgpack || error instanceof TypeError) return undefined
    throw error
  }
}

interface Reader {
  octets: Uint8Array
  view: DataView
  at: number
  left: number
}

class NotMsgpack extends Error {}

function read(reader: Reader, depth: number): unknown {
  if (depth > 16 || reader.left-- <= 0) throw new NotMsgpack()
  const head = uint(reader, 1)
  if (head <= 0x7f) return head
  if (head <= 0x8f) return map(reader, head & 0x0f, depth)
  if (head <= 0x9f) return array(reader, head & 0x0f, depth)
  if (head <= 0xbf) return text(reader, head & 0x1f)
  if (head >= 0xe0) return head - 256
  switch (head) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return take(reader, uint(reader, 1 << (head - 0xc4)))
    case 0xc7:
    case 0xc8:
    case 0xc9: {
      const size = uint(reader, 1 << (head - 0xc7))
      uint(reader, 1)
      return take(reader, size)
    }
    case 0xca:
      return step(reader, 4, (view, at) => view.getFloat32(at))
    case 0xcb:
      return step(reader, 8, (view, at) => view.getFloat64(at))
    case 0xcc:
    case 0xcd:
    case 0xce:
      return uint(reader, 1 << (head - 0xcc))
    case 0xcf:
      return step(reader, 8, (view, at) => Number(view.getBigUint64(at)))
    case 0xd0:
      return step(reader, 1, (view, at) => view.getInt8(at))
    case 0xd1:
      return step(reader, 2, (view, at) => view.getInt16(at))
    case 0xd2:
      return step(reader, 4, (view, at) => view.getInt32(at))
    case 0xd3:
      return step(reader, 8, (view, at) => Number(view.getBigInt64(at)))
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      uint(reader, 1)
      return take(reader, 1 << (head - 0xd4))
    case 0xd9:
    case 0xda:
    case 0xdb:
      return text(reader, uint(reader, 1 << (head - 0xd9)))
    case 0xdc:
    case 0xdd:
      return array(reader, uint(reader, head === 0xdc ? 2 : 4), depth)
    case 0xde:
    case 0xdf:
      return map(reader, uint(reader, head === 0xde ? 2 : 4), depth)
    default:
      throw new NotMsgpack()
  }
}

function step(reader: Reader, size: number, get: (view: DataView, at: number) => number): number {
  const value = get(reader.view, reader.at)
  reader.at += size
  return value
}

function uint(reader: Reader, size: number): number {
  return step(reader, size, (view, at) => (size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at)))
}

function take(reader: Reader, size: number): Uint8Array {
  if (size > reader.octets.length - reader.at) throw new NotMsgpack()
  reader.at += size
  return reader.octets.subarray(reader.at - size, reader.at)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function text(reader: Reader, size: number): string {
  return utf8.decode(take(reader, size))
}

function array(reader: Reader, size: number, depth: number): unknown[] {
  if (size > reader.left) throw new NotMsgpack()
  const values: unknown[] = []
  for (let at = 0; at < size; at++) values.push(read(reader, depth + 1))
  return values
}

function map(reader: Reader, size: number, depth: number): Record<string, unknown> {
  if (size > reader.left) throw new NotMsgpack()
  // No prototype: a key of the other side's choosing must not reach one.
  const members = Object.create(null) as Record<string, unknown>
  for (let at = 0; at < size; at++) {
    const key = read(reader, depth + 1)
    if (typeof key !== 'string' && typeof key !== 'number') throw new NotMsgpack()
    members[String(key)] = read(reader, depth + 1)
  }
  return members
}
