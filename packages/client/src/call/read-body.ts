export type BodyText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: 'too-large' | 'charset' }

export type BodyBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: 'too-large' }

/**
 * Reads a body while it arrives and stops at `bytesMax` bytes (after decompression: a small body can unpack into a very
 * large one). UTF-8 unless the content type says otherwise; bytes that are no UTF-8 become U+FFFD, so that one of them
 * does not cost a whole page. Rejects with whatever the stream rejects with, or with the signal's reason.
 */
export async function readBody(response: Response, bytesMax: number, signal: AbortSignal): Promise<BodyText> {
  const decoder = decoderFor(response.headers.get('content-type'))
  if (!decoder) {
    await discard(response)
    return { ok: false, problem: 'charset' }
  }
  // Decoded at the end: a body that grows too large has then cost no text.
  const read = await readBytes(response, bytesMax, signal)
  return read.ok ? { ok: true, text: decoder(read.bytes) } : read
}

/** Reads a body as it is while it arrives and stops at `bytesMax` bytes, as readBody does. */
export async function readBytes(response: Response, bytesMax: number, signal: AbortSignal): Promise<BodyBytes> {
  const reader = response.body?.getReader()
  if (!reader) return { ok: true, bytes: new Uint8Array(0) }
  let bytes = 0
  const chunks: Uint8Array[] = []
  try {
    while (true) {
      const chunk = await raceAbort(reader.read(), signal)
      if (chunk.done) return { ok: true, bytes: join(chunks, bytes) }
      bytes += chunk.value.byteLength
      if (bytes > bytesMax) return { ok: false, problem: 'too-large' }
      chunks.push(chunk.value)
    }
  } finally {
    // Frees the connection; after the end of the body it does nothing.
    reader.cancel().catch(() => undefined)
  }
}

function join(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = chunks
  if (first && chunks.length === 1) return first
  const joined = new Uint8Array(bytes)
  let offset = 0
  for (const chunk of chunks) {
    joined.set(chunk, offset)
    offset += chunk.byteLength
  }
  return joined
}

/** Drops a body that nobody will read, so that its connection is freed. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined)
}

/** Settles as `work` does, or rejects with the signal's reason once it is aborted, whether or not `work` heeds it. */
export function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

type Decode = (bytes: Uint8Array) => string

function decoderFor(contentType: string | null): Decode | undefined {
  const charset = /charset="?([\w-]{1,40})/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8'
  switch (charset) {
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
    case 'ascii':
      return (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    // Who says Latin 1 means Windows (WHATWG Encoding, section 4.2).
    case 'iso-8859-1':
    case 'windows-1252':
      return decodeWindows1252
    default:
      // UTF-16 is left out: nothing of athenahealth's uses it, and mistaken for it any body becomes unreadable.
      return undefined
  }
}

/** What Windows has in place of the control characters 0x80 to 0x9f; five of them stay what they are. */
const windowsLetters = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Node 20 takes Windows for Latin 1, and a curly apostrophe in a name for a control character: mended here. */
function decodeWindows1252(bytes: Uint8Array): string {
  const text = new TextDecoder('windows-1252').decode(bytes)
  return text.replace(/[\x80-\x9f]/g, (letter) => windowsLetters[letter.charCodeAt(0) - 0x80] ?? letter)
}
