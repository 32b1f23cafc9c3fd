import type { Feeds } from '../feeds/feeds.ts'
import type { Practice } from '../practice/practice.ts'
import { bodyEncoding } from '../server/answer.ts'
import type { Backend } from '../server/backend.ts'
import { bareApp, type RegisteredApp } from '../tokens/apps.ts'
import type { Days } from '../truth/admin.ts'
import type { JournalEntry } from './journal-entry.ts'

export interface RepeatDeps {
  readonly backend: Backend
  readonly feeds: Feeds
  readonly practices: ReadonlyMap<number, Practice>
  readonly applyChange: (practice: Practice, change: unknown) => unknown
  readonly days: Days
  /** Virtual time, epoch ms. */
  readonly now: () => number
}

type OfKind<K extends JournalEntry['kind']> = Extract<JournalEntry, { kind: K }>

/** Repeats entries of a journal. What was refused the first time is refused again; throws RangeError for what does not fit. */
export function entryRepeater(deps: RepeatDeps): (entry: JournalEntry) => void {
  const apps = new Map<string, RegisteredApp>()
  // An app may have been taken away or restricted since: what it did stays done.
  const appOf = (clientId: string): RegisteredApp => {
    const app = apps.get(clientId) ?? bareApp(clientId)
    apps.set(clientId, app)
    return app
  }
  return (entry) => {
    if (entry.kind === 'write') repeatWrite(deps, entry, appOf(entry.app))
    else if (entry.kind === 'read') deps.feeds.take(entry, deps.now())
    else if (entry.kind === 'change') repeatChange(deps, entry)
    else if (entry.kind === 'lose') deps.feeds.lose(entry, deps.now())
    else if (entry.kind === 'forget') deps.feeds.forget(entry, entry.until)
    else if (entry.running) deps.days.resume()
    else deps.days.pause()
  }
}

function repeatWrite({ backend, now }: RepeatDeps, entry: OfKind<'write'>, app: RegisteredApp): void {
  const { practice, method, resource, query, form, multipart } = entry
  const path = `/v1/${practice}${resource}`
  const contentType = multipart?.type
  const body =
    multipart === undefined ? form : Buffer.from(multipart.base64, 'base64').toString(bodyEncoding(contentType))
  const arrival = { method, path, query, body, authorization: undefined, contentType }
  backend.find(arrival, resource).answer({ app, practiceId: practice, arrival, now: now(), isRepeated: true })
}

function repeatChange({ practices, applyChange }: RepeatDeps, { practice: id, change }: OfKind<'change'>): void {
  const practice = practices.get(id)
  if (practice === undefined) throw new RangeError(`no practice ${id} is simulated`)
  try {
    applyChange(practice, change)
  } catch {
    // It failed then as well, after the same effects if any.
  }
}
