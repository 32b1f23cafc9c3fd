import type { Answer } from '../athena-call.ts'
import { judgeResponse } from '../call/judge-response.ts'
import { type Answered, failedCall } from '../call/send-call.ts'

/** A file on its way. Read it to its end or cancel its stream: until then the connection is held. */
export interface Download {
  /** What athenahealth says it is, e.g. `application/pdf`. */
  readonly contentType: string | undefined
  /** The bytes as they come; memory stays flat. Can be read once, here or by `bytes`. */
  readonly stream: ReadableStream<Uint8Array>
  /** All of it in memory; `response-too-large` over `bytesMax` (default 32 MiB). */
  bytes(bytesMax?: number): Promise<Uint8Array>
}

/** athenahealth takes documents of 20 MB, and room. */
const BYTES_MAX = 32 * 1024 * 1024

/**
 * Makes a download of an answer that was asked for as a stream. JSON is read first: it may say no inside HTTP 200
 * (`rejected`), and a refusal must not be kept as the document.
 */
export async function downloadOf(answered: Answered): Promise<Answer<Download>> {
  const { raw, meta, contentType } = answered
  // The border: a call that asks for a stream is answered with one.
  const stream = answered.value as ReadableStream<Uint8Array>
  if (!/\bjson\b/i.test(contentType ?? '')) return { value: offer(answered, stream), raw, meta }
  const bytes = await readAll(answered, { stream, bytesMax: BYTES_MAX })
  const { method } = answered.call
  const judged = judgeResponse({ method, text: new TextDecoder().decode(bytes), meta })
  if (!judged.ok && judged.failure.code === 'rejected') throw failedCall(answered.call, judged.failure, meta)
  return { value: offer(answered, streamOf(bytes)), raw, meta }
}

function offer(answered: Answered, stream: ReadableStream<Uint8Array>): Download {
  return {
    contentType: answered.contentType,
    stream,
    bytes: (bytesMax = BYTES_MAX) => readAll(answered, { stream, bytesMax }),
  }
}

interface Reading {
  readonly stream: ReadableStream<Uint8Array>
  readonly bytesMax: number
}

async function readAll({ call, meta }: Answered, { stream, bytesMax }: Reading): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.byteLength
    if (length > bytesMax) {
      await reader.cancel()
      throw failedCall(call, { code: 'response-too-large', executed: 'yes' }, meta)
    }
    pieces.push(read.value)
  }
  return joined(pieces, length)
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.byteLength
  }
  return all
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}
