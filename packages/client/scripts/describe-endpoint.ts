import { coreLines } from './core-lines.ts'
import { oneOf, phraseOf, withArticle } from './path-words.ts'
import type { SettledEntry } from './settle-endpoint.ts'

/** What of an entry is told in its line. */
export type Described = Pick<
  SettledEntry,
  'name' | 'method' | 'path' | 'envelope' | 'paging' | 'known' | 'intensive' | 'consuming'
>

/** One line on what an endpoint does, and what there is to beware of: by hand for the core, made of the path's words else. */
export function describeEndpoint(entry: Described): string {
  return [coreLines[entry.name] ?? feedLine(entry) ?? pathLine(entry), ...warnings(entry)].join(' ')
}

function warnings({ envelope, intensive, known, consuming }: Described): readonly string[] {
  return [
    intensive ? 'A heavy call.' : '',
    known === 'legacy' ? 'Known from old documents only.' : '',
    envelope === 'unknown' && !consuming ? 'Its answer has not been seen.' : '',
  ].filter((line) => line !== '')
}

/** The calls that every changed-data feed has. */
function feedLine({ path, method }: Described): string | undefined {
  const [, feed = '', rest] = /^(.*?\/(?:changed|signedoff))(\/subscription(?:\/events)?)?$/.exec(path) ?? []
  if (feed === '') return undefined
  const of = feed
    .replace(/\/changed$/, '')
    .split('/')
    .filter((word) => !['', 'chart', 'healthhistory', 'documents'].includes(word))
    .map(phraseOf)
    .join(' ')
  if (rest === undefined) return `Takes changed records of the feed ${of}; what is answered counts as processed.`
  if (rest.endsWith('/events')) return `Lists the events that the feed ${of} has.`
  if (method === 'POST') return `Subscribes to the feed ${of}.`
  return method === 'GET' ? `Shows the subscription to the feed ${of}.` : `Ends the subscription to the feed ${of}.`
}

/** Last words of a path that are deeds done to what stands before them. */
const DEEDS: Readonly<Record<string, string>> = {
  assign: 'Assigns',
  close: 'Closes',
  reopen: 'Reopens',
  deactivate: 'Deactivates',
  reactivate: 'Makes valid again',
  undelete: 'Brings back',
  deny: 'Denies',
  submit: 'Submits',
  refund: 'Refunds',
  reply: 'Replies to',
  override: 'Overrides',
  returntosubmit: 'Sends back to be submitted',
  dataentrycompleted: 'Says that data entry is done for',
  patientclosed: 'Marks as closed by the patient',
}

/** A stretch of a path up to the next brace. */
interface Stretch {
  readonly words: readonly string[]
  /** Whether a brace picks one of what the words name. */
  readonly one: boolean
}

function pathLine(entry: Described): string {
  const stretches = readStretches(entry.path)
  const last = stretches.at(-1) ?? { words: [], one: false }
  const owners = stretches.slice(0, -1)
  const deed = entry.method === 'GET' || last.one ? undefined : DEEDS[last.words.at(-1) ?? '']
  if (deed === undefined) {
    const owner = owned(owners)
    return `${verbPhrase(entry, last)}${entry.method === 'POST' && !last.one ? owner.replace(/^ of/, ' to') : owner}.`
  }
  const before = last.words.slice(0, -1)
  const object = before.length > 0 ? ` the ${nameOf(before)}${owned(owners)}` : objectOf(owners)
  return `${deed}${object}.`
}

function objectOf(owners: readonly Stretch[]): string {
  const object = owners.at(-1)
  return object ? ` ${withArticle(oneOf(nameOf(object.words)))}${owned(owners.slice(0, -1))}` : ''
}

function verbPhrase({ method, envelope, paging }: Described, { words, one }: Stretch): string {
  const name = nameOf(words)
  const single = withArticle(oneOf(name))
  if (method === 'POST') return one ? `Adds to ${single}` : `Adds ${single}`
  if (method === 'PUT') return `Changes ${one ? single : name}`
  if (method === 'DELETE') return `Removes ${one ? single : name}`
  if (one) return `Shows ${single}`
  const listed = paging !== undefined || envelope === 'list' || envelope === 'array'
  return `${listed ? 'Lists' : 'Shows'} ${name}`
}

function owned(owners: readonly Stretch[]): string {
  return owners
    .toReversed()
    .map(({ words }) => ` of ${withArticle(oneOf(nameOf(words)))}`)
    .join('')
}

function readStretches(path: string): readonly Stretch[] {
  const stretches: Stretch[] = []
  let words: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (!segment.startsWith('{')) words.push(segment)
    else if (words.length > 0) {
      stretches.push({ words, one: true })
      words = []
    }
  }
  return words.length > 0 ? [...stretches, { words, one: false }] : stretches
}

/** Words that say of what kind those behind them are. */
const KINDS: Readonly<Record<string, (name: string) => string>> = {
  documents: (name) =>
    /document|result|case|record|message|authorization|notification|letter|version/.test(name)
      ? name
      : `${name} documents`,
  document: (name) => (/document/.test(name) ? name : `${name} documents`),
  orders: (name) => `${name} orders`,
  order: (name) => `${name} orders`,
  configuration: (name) => `configured ${name}`,
  reference: (name) => `${name} to choose from`,
  chart: (name) => name,
  misc: (name) => name,
  healthhistory: (name) => name,
}

/** Words that qualify their neighbour. */
const ADJECTIVES = new Set(
  'active all default locallyadministered outstanding performed planned preferred signed inpatient'.split(' '),
)

/** What a stretch of words names: its last word, told closer by those before it. */
function nameOf(words: readonly string[]): string {
  const [first = '', ...rest] = words
  if (rest.length === 0) return first === 'chart' ? 'patient’s charts' : phraseOf(first)
  const last = words.at(-1) ?? ''
  if (ADJECTIVES.has(last)) return `${phraseOf(last)} ${nameOf(words.slice(0, -1))}`
  const name = nameOf(rest)
  if (ADJECTIVES.has(first)) return `${phraseOf(first)} ${name}`
  const kind = KINDS[first]
  return kind ? kind(name) : `${name} (${phraseOf(first)})`
}
