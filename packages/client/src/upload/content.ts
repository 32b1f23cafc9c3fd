import { AthenaError } from '../athena-error.ts'

/** How the body of an upload is built: as a form with the file as a text in it, or as multipart with the file as a file. */
export type UploadForm = 'urlencoded' | 'multipart'

/** Where the bytes of a content come from. A function is called each time they are sent. */
export type ContentSource =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | (() => ContentStream | Promise<ContentStream>)

/** A content that arrives piece by piece. */
export type ContentStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * How a content is written before it goes into a request's body. `raw`: as it is (multipart only). `base64`: what
 * athenahealth documents. `base64-percent`: base64 and percent-encoded on top of what the body's own form asks for;
 * athenahealth's advice where an image is refused otherwise.
 */
export type ContentEncoding = 'raw' | 'base64' | 'base64-percent'

/** What is known of a content, and how it is to be sent. */
export interface ContentOptions {
  /** The exact number of bytes, where it is known of a stream or function: checked first, and sent as Content-Length. */
  readonly sizeBytes?: number
  /** Media type of a multipart body's part. Default: the Blob's, else `application/octet-stream`. */
  readonly type?: string
  /** File name of a multipart body's part; athenahealth wants one and does not use it. Default `document`. */
  readonly filename?: string
  /** Default: as the endpoint wants it. */
  readonly uploadForm?: UploadForm
  /** Default: `base64` in a form, `raw` in a multipart body. */
  readonly encoding?: ContentEncoding
  /** Default 20 MiB, athenahealth's limit for documents (Best Practices page, "20 MB", read 2026-11). */
  readonly bytesMax?: number
}

/** athenahealth's "20 MB", taken as binary megabytes of the file before it is encoded (which it means is unconfirmed). */
export const CONTENT_BYTES_MAX = 20 * 1024 * 1024

/** Bytes handed on at a time: a multiple of 3, so that base64 keeps nothing back. */
const PIECE_BYTES = 48 * 1024

/**
 * A file to be sent as a parameter of a call. Bytes, Blobs and functions can be sent again where a call is repeated; a
 * stream can be sent once. Nothing is read before the call is sent.
 */
export class Content {
  readonly sizeBytes: number | undefined
  readonly type: string
  readonly filename: string
  readonly uploadForm: UploadForm | undefined
  readonly encoding: ContentEncoding | undefined
  readonly bytesMax: number
  /** Whether it is all in memory: then it can be measured before it is sent. */
  readonly inMemory: Uint8Array | undefined
  readonly #source: ContentSource
  #opened = false

  constructor(source: ContentSource, options: ContentOptions = {}) {
    this.#source = source
    this.inMemory = source instanceof ArrayBuffer ? new Uint8Array(source) : isBytes(source) ? source : undefined
    this.sizeBytes = this.inMemory?.byteLength ?? (source instanceof Blob ? source.size : options.sizeBytes)
    this.type = options.type ?? ((source instanceof Blob && source.type) || 'application/octet-stream')
    this.filename = options.filename ?? 'document'
    this.uploadForm = options.uploadForm
    this.encoding = options.encoding
    this.bytesMax = options.bytesMax ?? CONTENT_BYTES_MAX
  }

  /** Whether it can be sent, or sent again. */
  get sendable(): boolean {
    return !this.#opened || this.inMemory !== undefined || this.#source instanceof Blob || isFunction(this.#source)
  }

  /** The same content under another encoding; undefined where it is a stream that has been sent. */
  encodedAs(encoding: ContentEncoding): Content | undefined {
    if (!this.sendable) return undefined
    const { type, filename, uploadForm, bytesMax, sizeBytes } = this
    const size = sizeBytes === undefined ? {} : { sizeBytes }
    const form = uploadForm === undefined ? {} : { uploadForm }
    return new Content(this.#source, { type, filename, bytesMax, encoding, ...size, ...form })
  }

  /** Its bytes from the beginning, in pieces of at most 48 KiB. `return()` of the iterator lets the source go. */
  async open(): Promise<AsyncIterator<Uint8Array>> {
    if (!this.sendable)
      throw new AthenaError('invalid-argument', { hint: 'the content is a stream that was sent before' })
    this.#opened = true
    if (this.inMemory) return inPieces(listIterator(this.inMemory))
    return inPieces(iteratorOf(await streamOf(this.#source)))
  }
}

/**
 * Makes a content of bytes, a Blob or File, a stream, or a function that opens one anew, to be given as a parameter of a
 * call. `invalid-argument` for what is none of these, and for options that cannot be meant.
 */
export function content(source: ContentSource, options?: ContentOptions): Content {
  const ok =
    isBytes(source) || source instanceof ArrayBuffer || source instanceof Blob || isFunction(source) || isStream(source)
  if (!ok) throw invalid('content is bytes, a Blob, a stream of bytes, or a function that opens one')
  const made = new Content(source, options)
  const { sizeBytes, bytesMax } = made
  if (sizeBytes !== undefined && !isCount(sizeBytes)) throw invalid('sizeBytes is a whole number')
  if (!isCount(bytesMax)) throw invalid('bytesMax is a whole number')
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(; ?[\w.-]+=[\w.-]+)*$/.test(made.type)) throw invalid('type is a media type')
  return made
}

/** What stands for a file among a call's parameters. */
export type FileValue = Content | Uint8Array | Blob

/** Whether a parameter is a file. */
export function isFile(value: unknown): value is FileValue {
  return value instanceof Content || isBytes(value) || value instanceof Blob
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

function isFunction(value: unknown): value is () => ContentStream | Promise<ContentStream> {
  return typeof value === 'function'
}

function isStream(value: unknown): value is ContentStream {
  if (value instanceof ReadableStream) return true
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function streamOf(source: ContentSource): ContentStream | Promise<ContentStream> {
  if (source instanceof Blob) return source.stream()
  if (isFunction(source)) return source()
  if (isStream(source)) return source
  throw new TypeError('a content is bytes, a Blob, a stream of bytes, or a function that opens one')
}

function iteratorOf(stream: ContentStream): AsyncIterator<Uint8Array> {
  // Not every runtime's streams can be iterated; and cancelling ends a read that is waiting.
  if (!(stream instanceof ReadableStream)) return stream[Symbol.asyncIterator]()
  const reader = stream.getReader()
  return {
    async next() {
      const read = await reader.read()
      return read.done ? { done: true, value: undefined } : { done: false, value: read.value }
    },
    async return() {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

function listIterator(bytes: Uint8Array): AsyncIterator<Uint8Array> {
  let given = false
  return {
    async next() {
      if (given) return { done: true, value: undefined }
      given = true
      return { done: false, value: bytes }
    },
  }
}

/** Pieces of a bounded size, whatever the source's are. What is no bytes rejects with a TypeError. */
function inPieces(source: AsyncIterator<Uint8Array>): AsyncIterator<Uint8Array> {
  let left: Uint8Array = new Uint8Array(0)
  return {
    async next() {
      while (left.byteLength === 0) {
        const { done, value } = await source.next()
        if (done) return { done: true, value: undefined }
        if (!isBytes(value)) throw new TypeError('a content is a stream of Uint8Array')
        left = value
      }
      const piece = left.subarray(0, PIECE_BYTES)
      left = left.subarray(PIECE_BYTES)
      return { done: false, value: piece }
    },
    async return() {
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}

function invalid(hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: ['content'], hint })
}
