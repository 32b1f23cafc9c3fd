import { bodyEncoding, formOf, isMultipart } from '../server/answer.ts'
import type { Call } from '../server/backend.ts'

/** One thing that came from outside and changed the world. Everything else follows from seed, start and the clock. */
export type JournalEntry =
  | {
      /** An API request that may change something: any but GET. */
      readonly kind: 'write'
      readonly app: string
      readonly practice: number
      readonly method: string
      /** Path behind `/v1/{practiceid}`. */
      readonly resource: string
      readonly query: string
      /** Urlencoded form; empty when there was none. */
      readonly form: string
      /** A body that is no form, with its content type: the exact bytes in base64. */
      readonly multipart?: { readonly type: string; readonly base64: string }
    }
  | {
      /** A feed page that was handed out and is processed by that. */
      readonly kind: 'read'
      readonly app: string
      readonly practice: number
      readonly feed: string
      readonly ids: readonly string[]
    }
  | {
      /** A change made through the administration or the truth. */
      readonly kind: 'change'
      readonly practice: number
      readonly change: unknown
    }
  | {
      /** The practices' days were paused or resumed. */
      readonly kind: 'day'
      readonly running: boolean
    }
  | {
      /** A fault ended an app's subscription to events of a feed, or to all of them. */
      readonly kind: 'lose'
      readonly app: string
      readonly practice: number
      readonly feed: string
      readonly events?: readonly string[]
    }
  | {
      /** A fault made a feed forget what an app had processed until a time, epoch ms. */
      readonly kind: 'forget'
      readonly app: string
      readonly practice: number
      readonly feed: string
      readonly until: number
    }

/** The entry of a call that may change something. */
export function writeEntry({ app, practiceId, arrival }: Call, resource: string): JournalEntry {
  const { method, query, contentType, body } = arrival
  const entry = { kind: 'write', app: app.clientId, practice: practiceId, method, resource, query } as const
  if (contentType === undefined || !isMultipart(contentType)) return { ...entry, form: formOf(arrival) }
  const base64 = Buffer.from(body, bodyEncoding(contentType)).toString('base64')
  return { ...entry, form: '', multipart: { type: contentType, base64 } }
}

const kinds: readonly string[] = ['write', 'read', 'change', 'day', 'lose', 'forget'] satisfies JournalEntry['kind'][]

/** Reads an entry as it was written; throws SyntaxError or TypeError for anything else. */
export function parseEntry(text: string): JournalEntry {
  const entry: unknown = JSON.parse(text)
  if (typeof entry !== 'object' || entry === null || !('kind' in entry) || !kinds.includes(String(entry.kind))) {
    throw new TypeError('no entry of a journal')
  }
  // The database keeps what this simulator wrote, and checks that it is whole.
  return entry as JournalEntry
}
