import type { Clock } from '../clock.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import type { Failure } from './judge-response.ts'
import { raceAbort } from './read-body.ts'
import { judgeTransportError } from './transport-fault.ts'

export interface Watch {
  readonly clock: Clock
  /** Ends the stream when it is aborted. */
  readonly deadline: Deadline
  /** For one piece to come while somebody waits for it. Time the reader takes does not count. */
  readonly pieceMs: number
  readonly bytesMax: number
  /** The error a reader gets for a failure. */
  readonly errorOf: (failure: Failure) => Error
  /** Once, however the stream ends; `undefined` when it was read to its end or given up by its reader. */
  readonly onEnd: (failure: Failure | undefined) => void
}

/**
 * A body handed on as it comes, with an end to waiting: a piece that does not come in time, the caller's signal, a limit
 * of bytes and a broken connection all end it with an error of ours. Whoever gets it reads it to the end or cancels it.
 */
export function watchedStream(body: ReadableStream<Uint8Array>, watch: Watch): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let bytes = 0
  let ended = false
  const end = (failure?: Failure) => {
    if (ended) return
    ended = true
    reader.cancel().catch(() => undefined)
    watch.onEnd(failure)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await nextPiece(reader, watch)
        if ('failure' in piece) {
          end(piece.failure)
          controller.error(watch.errorOf(piece.failure))
          return
        }
        bytes += piece.value?.byteLength ?? 0
        if (piece.value === undefined) {
          end()
          controller.close()
        } else if (bytes > watch.bytesMax) {
          const failure: Failure = { code: 'response-too-large', executed: 'yes' }
          end(failure)
          controller.error(watch.errorOf(failure))
        } else controller.enqueue(piece.value)
      },
      cancel: () => end(),
    },
    { highWaterMark: 0 },
  )
}

type Piece = { readonly value: Uint8Array | undefined } | { readonly failure: Failure }

async function nextPiece(reader: ReadableStreamDefaultReader<Uint8Array>, watch: Watch): Promise<Piece> {
  const limit = startDeadline(watch.clock, watch.pieceMs, watch.deadline.signal)
  try {
    const { value } = await raceAbort(reader.read(), limit.signal)
    return { value }
  } catch (error) {
    const cause = limit.cause() === 'aborted' ? watch.deadline.cause() : limit.cause()
    // The headers came: the request has been executed, whatever became of its answer.
    if (cause) return { failure: { code: cause, executed: 'yes' } }
    const failure = judgeTransportError(error) ?? { code: 'network', executed: 'yes' }
    return { failure: { ...failure, executed: 'yes' } }
  } finally {
    limit.close()
  }
}
