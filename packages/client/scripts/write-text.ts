import type { CatalogueParam } from '../src/catalogue/catalogue-entry.ts'
import { envelopeMarks, flagMarks, kindMarks, knownMarks, paramMarks } from '../src/catalogue/parse-catalogue.ts'
import type { WireKind } from '../src/wire/coerce.ts'
import { HEADER } from './generated-file.ts'
import type { SettledEntry } from './settle-endpoint.ts'

/** Writes the catalogue as the text that parse-catalogue.ts reads. */
export function writeText(areas: ReadonlyMap<string, readonly SettledEntry[]>): string {
  const entries = [...areas.values()].flat()
  const lists = uniqueLists(entries)
  const params = commonest(
    entries.flatMap((entry) => entry.params.map((param) => [paramName(param), mark(param, lists)])),
  )
  const fields = commonest(entries.flatMap((entry) => [...kindTokens(entry.fields), ...kindTokens(entry.around)]))
  const dictionaries = { params, fields, lists }
  const blocks = [...areas].map(([area, own]) => {
    const lines = own.map((entry) => writeLine(entry, dictionaries))
    return `    '${area}': \`${lines.join('\n')}\`,\n`
  })
  return `${HEADER}import type { CatalogueText } from '../parse-catalogue.ts'

/** See parse-catalogue.ts for how it is read. */
export const catalogueText: CatalogueText = {
  areas: {
${blocks.join('')}  },
  params: '${writeDictionary(params)}',
  fields: '${writeDictionary(fields)}',
  values: [
${lists.map((list) => `    '${list.replaceAll('\t', '\\t')}',\n`).join('')}  ],
}
`
}

interface Dictionaries {
  readonly params: ReadonlyMap<string, string>
  readonly fields: ReadonlyMap<string, string>
  readonly lists: readonly string[]
}

function writeLine(entry: SettledEntry, { params, fields, lists }: Dictionaries): string {
  const flags = Object.entries(flagMarks).map(([flag, letter]) => (entry[flag as keyof typeof flagMarks] ? letter : ''))
  const sent = entry.params.filter((param) => param.place !== 'path')
  const kinds = (of: Readonly<Record<string, WireKind>>) =>
    kindTokens(of).map(([name, kind]) => (fields.get(name) === kind ? name : `${name}:${kind}`))
  return [
    entry.name,
    knownMarks[entry.known] + envelopeMarks[entry.envelope] + flags.join(''),
    entry.recordKey ?? '',
    writePaging(entry),
    sent
      .map((param) => {
        const own = mark(param, lists)
        return `${param.required ? '!' : ''}${param.name}${params.get(param.name) === own ? '' : `:${own}`}`
      })
      .join(' '),
    kinds(entry.fields).join(' '),
    kinds(entry.around).join(' '),
  ].join('|')
}

function writePaging({ paging }: SettledEntry): string {
  if (!paging) return ''
  const limits = [paging.limitDefault, paging.limitMax].filter((limit) => limit !== undefined)
  return `${paging.documented ? '' : '?'}${limits.join('/')}` || '-'
}

/** Braces are kept apart from parameters of the same name: `/patientid`. */
function paramName({ place, name }: CatalogueParam): string {
  return place === 'path' ? `/${name}` : name
}

function mark({ type, array, values }: CatalogueParam, lists: readonly string[]): string {
  const list = values ? `#${lists.indexOf(values.join('\t'))}` : ''
  return `${paramMarks[type]}${array ? '*' : ''}${list}`
}

function kindTokens(kinds: Readonly<Record<string, WireKind>>): readonly (readonly [string, string])[] {
  return Object.entries(kinds).map(([name, kind]) => [name, kindMarks[kind]])
}

function uniqueLists(entries: readonly SettledEntry[]): readonly string[] {
  const lists = entries.flatMap((entry) => entry.params.flatMap(({ values }) => (values ? [values.join('\t')] : [])))
  return [...new Set(lists)].sort()
}

/** The mark that each name has most often; of equally many the first by the alphabet. */
function commonest(tokens: readonly (readonly string[])[]): ReadonlyMap<string, string> {
  const counts = new Map<string, Map<string, number>>()
  for (const [name = '', own = ''] of tokens) {
    const marks = counts.get(name) ?? new Map<string, number>()
    counts.set(name, marks.set(own, (marks.get(own) ?? 0) + 1))
  }
  const most = [...counts].map(([name, marks]): [string, string] => {
    const [best] = [...marks].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    return [name, best?.[0] ?? '']
  })
  return new Map(most.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function writeDictionary(dictionary: ReadonlyMap<string, string>): string {
  return [...dictionary].map(([name, own]) => `${name}:${own}`).join(' ')
}
