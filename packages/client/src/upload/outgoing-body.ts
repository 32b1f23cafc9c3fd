import type { Failure } from '../call/judge-response.ts'
import type { Content } from './content.ts'
import type { Encoder } from './encoder.ts'

/** A request's body round a content: what comes before it, the content by way of an encoder, what comes after. */
export interface BodyParts {
  /** The parameter that holds the content: its name is told when the content fails. */
  readonly field: string
  readonly content: Content
  readonly before: Uint8Array
  readonly encoder: Encoder
  readonly after: Uint8Array
  /** Of the whole body; undefined when only sending it tells. */
  readonly bytes: number | undefined
}

/** A body on its way, for one attempt. */
export interface OutgoingBody {
  /** Gives nothing and opens nothing before it is asked to. */
  readonly stream: ReadableStream<Uint8Array>
  /** For Content-Length. */
  readonly bytes: number | undefined
  /** Whether all of it was given away. */
  readonly whole: boolean
  /** Why it ended early, if that was for the content. */
  readonly failure: Failure | undefined
  /** Lets the content go; to be called however the attempt ended. */
  close(): void
}

/** Opens a body for one attempt. Memory is flat: one piece of the content at a time, when the connection asks for it. */
export function outgoingBody(parts: BodyParts): OutgoingBody {
  const state: BodyState = { step: 'before', iterator: undefined, contentBytes: 0, bytes: 0, closed: false }
  let failure: Failure | undefined
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = await nextPiece(parts, state)
          state.bytes += piece?.byteLength ?? 0
          if (piece === undefined) controller.close()
          else controller.enqueue(piece)
        } catch (error) {
          failure ??= failureOf(parts, { error, begun: state.bytes > 0 })
          close(state)
          // Its words do not matter: whoever sends asks for `failure`.
          controller.error(new TypeError('the content ended early'))
        }
      },
      cancel: () => close(state),
    },
    // Nothing is taken before it is asked for: a call that never gets a connection has not touched the content.
    { highWaterMark: 0 },
  )
  return {
    stream,
    bytes: parts.bytes,
    get whole() {
      return state.step === 'end' || state.bytes === parts.bytes
    },
    get failure() {
      return failure
    },
    close: () => close(state),
  }
}

interface BodyState {
  step: 'before' | 'content' | 'after' | 'end'
  iterator: AsyncIterator<Uint8Array> | undefined
  contentBytes: number
  /** Given away so far. */
  bytes: number
  closed: boolean
}

async function nextPiece(parts: BodyParts, state: BodyState): Promise<Uint8Array | undefined> {
  if (state.step === 'before') {
    state.step = 'content'
    // Opened here, so that nothing leaves of a body whose content cannot be opened.
    state.iterator = await parts.content.open()
    if (state.closed) release(state)
    return parts.before
  }
  if (state.step === 'content') {
    const piece = await nextOfContent(parts, state)
    if (piece) return piece
    state.step = 'after'
    const last = parts.encoder.end()
    if (last.byteLength > 0) return last
  }
  if (state.step === 'after' && parts.after.byteLength > 0) {
    state.step = 'end'
    return parts.after
  }
  state.step = 'end'
  return undefined
}

async function nextOfContent(parts: BodyParts, state: BodyState): Promise<Uint8Array | undefined> {
  while (state.iterator) {
    const { done, value } = await state.iterator.next()
    if (done) break
    state.contentBytes += value.byteLength
    checkSize(parts.content, state.contentBytes, false)
    const encoded = parts.encoder.push(value)
    if (encoded.byteLength > 0) return encoded
  }
  checkSize(parts.content, state.contentBytes, true)
  return undefined
}

/** Refused before the bytes that are too many have left: what has arrived then is no whole request. */
function checkSize({ sizeBytes, bytesMax }: Content, bytes: number, ended: boolean): void {
  if (bytes > bytesMax) throw new SizeError('upload-too-large', `at most ${bytesMax} bytes`)
  if (sizeBytes !== undefined && (bytes > sizeBytes || (ended && bytes < sizeBytes))) {
    throw new SizeError('content-unreadable', 'it is not as long as was said (sizeBytes), or has changed')
  }
  if (ended && bytes === 0) throw new SizeError('content-unreadable', 'it is empty')
}

class SizeError extends Error {
  readonly code: Failure['code']

  constructor(code: Failure['code'], hint: string) {
    super(hint)
    this.code = code
  }
}

/**
 * The request is incomplete, and HTTP tells the receiver so. What it makes of the beginning it has seen is not in our
 * hands: `unknown` once anything has left.
 */
function failureOf({ field }: BodyParts, { error, begun }: { error: unknown; begun: boolean }): Failure {
  const executed = begun ? 'unknown' : 'no'
  if (error instanceof SizeError) return { code: error.code, executed, invalidFields: [field], hint: error.message }
  const cause = error instanceof Error ? error : new Error('the content failed')
  return { code: 'content-unreadable', executed, invalidFields: [field], hint: 'its source failed; see cause', cause }
}

function close(state: BodyState): void {
  state.closed = true
  release(state)
}

function release(state: BodyState): void {
  // A source that fails while it is let go has nothing more to say.
  state.iterator?.return?.().then(undefined, () => undefined)
}
