/** Turns bytes into other bytes, piece by piece; what it gives does not depend on where the pieces end. */
export interface Encoder {
  push(bytes: Uint8Array): Uint8Array
  /** What is left; nothing may be pushed after it. */
  end(): Uint8Array
}

const NOTHING: Uint8Array = new Uint8Array(0)

/** Leaves bytes as they are. */
export function identityEncoder(): Encoder {
  return { push: (bytes) => bytes, end: () => NOTHING }
}

const LETTERS = ascii('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PAD = 0x3d

/** Base64 (RFC 4648, section 4) with padding, in one line. Up to two bytes wait for the ones that come after them. */
export function base64Encoder(): Encoder {
  let waiting = NOTHING
  return {
    push(bytes) {
      const all = waiting.length === 0 ? bytes : joined(waiting, bytes)
      const whole = all.length - (all.length % 3)
      waiting = all.slice(whole)
      return encodeTriples(all, whole)
    },
    end() {
      const [first, second] = waiting
      if (first === undefined) return NOTHING
      const bits = (first << 16) | ((second ?? 0) << 8)
      return Uint8Array.of(letter(bits, 18), letter(bits, 12), second === undefined ? PAD : letter(bits, 6), PAD)
    },
  }
}

function encodeTriples(bytes: Uint8Array, length: number): Uint8Array {
  const encoded = new Uint8Array((length / 3) * 4)
  let at = 0
  for (let index = 0; index < length; index += 3) {
    // Within the length: never undefined.
    const bits = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    encoded[at] = letter(bits, 18)
    encoded[at + 1] = letter(bits, 12)
    encoded[at + 2] = letter(bits, 6)
    encoded[at + 3] = letter(bits, 0)
    at += 4
  }
  return encoded
}

function letter(bits: number, shift: number): number {
  return LETTERS[(bits >> shift) & 63] ?? 0
}

const PERCENT = 0x25
const HEX = ascii('0123456789ABCDEF')
/** By byte, whether it may stand in a form as it is (the WHATWG URL standard, "application/x-www-form-urlencoded"). */
const plain = new Uint8Array(256)
for (const byte of ascii('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._')) plain[byte] = 1

/** Percent-encoding as forms want it. */
export function percentEncoder(): Encoder {
  return { push: percentEncode, end: () => NOTHING }
}

function percentEncode(bytes: Uint8Array): Uint8Array {
  let length = bytes.length
  for (const byte of bytes) if (plain[byte] === 0) length += 2
  if (length === bytes.length) return bytes
  const encoded = new Uint8Array(length)
  let at = 0
  for (const byte of bytes) {
    if (plain[byte] === 1) {
      encoded[at] = byte
      at += 1
      continue
    }
    encoded[at] = PERCENT
    encoded[at + 1] = HEX[byte >> 4] ?? 0
    encoded[at + 2] = HEX[byte & 15] ?? 0
    at += 3
  }
  return encoded
}

/** One encoder after the other. */
export function chainEncoders(encoders: readonly Encoder[]): Encoder {
  return encoders.reduce(
    (first, second) => ({
      push: (bytes) => second.push(first.push(bytes)),
      end: () => joined(second.push(first.end()), second.end()),
    }),
    identityEncoder(),
  )
}

/** Two runs of bytes in one. */
function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length === 0) return right
  if (right.length === 0) return left
  const both = new Uint8Array(left.length + right.length)
  both.set(left)
  both.set(right, left.length)
  return both
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
