import type { Taken } from './exchange.ts'
import { type Judgement, judgeResponse } from './judge-response.ts'
import type { AnswerKind } from './plan-call.ts'

export interface ContentFacts {
  readonly method: string
  readonly as: AnswerKind
  /** What was asked for; a page of HTML is an answer only where HTML was. */
  readonly accept: string
  readonly taken: Taken
}

/**
 * Judges an answer that was asked for as something else than JSON. Errors are judged as ever; so is a JSON body that says
 * no inside HTTP 200. A page of HTML that nobody asked for comes from a gateway, and nothing at all is no document.
 */
export function judgeContent({ method, as, accept, taken }: ContentFacts): Judgement {
  const { meta, stream, bytes, text, contentType = '' } = taken
  if (Math.trunc(meta.status / 100) !== 2) return judgeResponse({ ...taken, method })
  if (/html/i.test(contentType) && !/html/i.test(accept)) return malformed('the body is html')
  if (stream) return { ok: true, value: stream }
  if ((bytes?.byteLength ?? text.length) === 0) return malformed('the body is empty')
  const refused = /\bjson\b/i.test(contentType) ? rejection(method, taken) : undefined
  return refused ?? { ok: true, value: as === 'text' ? text : bytes }
}

function rejection(method: string, { bytes, text, meta }: Taken): Judgement | undefined {
  const judged = judgeResponse({ method, text: bytes ? new TextDecoder().decode(bytes) : text, meta })
  return !judged.ok && judged.failure.code === 'rejected' ? judged : undefined
}

function malformed(hint: string): Judgement {
  return { ok: false, failure: { code: 'malformed-response', executed: 'unknown', hint } }
}
