import type { WireKind } from '../wire/coerce.ts'
import type { CatalogueEntry, CatalogueParam, Envelope, Known, Paging, ParamType } from './catalogue-entry.ts'
import type { EndpointName } from './generated/endpoints.ts'

/*
 * The catalogue as text, because text costs nothing until it is read. One line an endpoint, columns between bars:
 *
 *   GET /appointments/booked|rlib|appointments|1000/5000|!startdate !enddate departmentid:i|date lastmodified:x|status
 *
 * name; marks; record key; paging (default/largest limit, `?` where not documented, empty for none); parameters but for
 * those of the path (`!` required); fields; members beside the list. A name's type stands behind a colon where it is not
 * the one of the dictionary; `*` behind a type: several values; `#n`: documented values, by their place in the list.
 */

/** A mark for each type of parameter. */
export const paramMarks: Readonly<Record<ParamType, string>> = {
  id: 'i',
  text: 't',
  integer: 'n',
  number: 'f',
  boolean: 'b',
  date: 'd',
  json: 'j',
  file: 'c',
}

/** A mark for each way to read a field. */
export const kindMarks: Readonly<Record<WireKind, string>> = {
  id: 'i',
  text: 't',
  boolean: 'b',
  number: 'n',
  date: 'd',
  time: 'h',
  dateTime: 'x',
  ids: 'I',
  list: 'l',
}

export const knownMarks: Readonly<Record<Known, string>> = { recorded: 'r', documented: 'd', legacy: 'o' }

export const envelopeMarks: Readonly<Record<Envelope, string>> = {
  list: 'l',
  array: 'a',
  one: '1',
  object: 'j',
  scalar: 's',
  unknown: 'u',
}

/** Marks that are there or not, behind the two above. */
export const flagMarks = { keyConfirmed: 'k', nested: 'n', intensive: 'i', consuming: 'c', beta: 'b' } as const

/** The catalogue's text: one block of lines an area, and what the lines refer to. */
export interface CatalogueText {
  readonly areas: Readonly<Record<string, string>>
  /** `name:type`, as in the lines. */
  readonly params: string
  /** `name:kind`. */
  readonly fields: string
  /** Lists of values. */
  readonly values: readonly string[]
}

/** What lines refer to, read once. */
export interface Dictionaries {
  readonly params: ReadonlyMap<string, string>
  readonly fields: ReadonlyMap<string, string>
  readonly values: readonly (readonly string[])[]
}

export function readDictionaries(text: CatalogueText): Dictionaries {
  return {
    params: readDictionary(text.params),
    fields: readDictionary(text.fields),
    values: text.values.map((values) => values.split('\t')),
  }
}

function readDictionary(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(' ').map((token) => {
      const [name = '', mark = ''] = token.split(':')
      return [name, mark]
    }),
  )
}

/** Reads one line of an area. */
export function parseEntry(area: string, line: string, dictionaries: Dictionaries): CatalogueEntry {
  const columns = line.split('|')
  const column = (place: number) => columns[place] ?? ''
  const [method = '', path = ''] = column(0).split(' ')
  const bodyEncoding = method === 'POST' || method === 'PUT' ? 'form' : undefined
  return {
    // The generated text holds these names and methods only; a test compares it with the generated types.
    name: column(0) as EndpointName,
    method: method as CatalogueEntry['method'],
    path,
    area,
    params: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map((match) => pathParam(match[1] ?? '', dictionaries)),
      ...words(column(4)).map((token) => parseParam(token, bodyEncoding ?? 'query', dictionaries)),
    ],
    bodyEncoding,
    ...parseMarks(column(1)),
    recordKey: column(2) || undefined,
    paging: parsePaging(column(3)),
    fields: parseKinds(column(5), dictionaries),
    around: parseKinds(column(6), dictionaries),
  }
}

function parseMarks(marks: string) {
  const has = (flag: keyof typeof flagMarks) => marks.includes(flagMarks[flag], 2)
  return {
    known: byMark(knownMarks, marks.charAt(0)),
    envelope: byMark(envelopeMarks, marks.charAt(1)),
    keyConfirmed: has('keyConfirmed'),
    nested: has('nested'),
    intensive: has('intensive'),
    consuming: has('consuming'),
    beta: has('beta'),
  }
}

function pathParam(name: string, { params }: Dictionaries): CatalogueParam {
  const type = byMark(paramMarks, (params.get(`/${name}`) ?? '').charAt(0))
  return { name, place: 'path', type, array: false, required: true, values: undefined }
}

function parseParam(token: string, place: 'query' | 'form', { params, values }: Dictionaries): CatalogueParam {
  const required = token.startsWith('!')
  const [name = '', own] = token.slice(required ? 1 : 0).split(':')
  const mark = own ?? params.get(name) ?? ''
  const list = mark.split('#')[1]
  return {
    name,
    place,
    type: byMark(paramMarks, mark.charAt(0)),
    array: mark.charAt(1) === '*',
    required,
    values: list === undefined ? undefined : values[Number(list)],
  }
}

function parsePaging(text: string): Paging | undefined {
  if (text === '') return undefined
  const [limitDefault, limitMax] = (text.match(/\d+/g) ?? []).map(Number)
  return { documented: !text.startsWith('?'), limitDefault, limitMax }
}

function parseKinds(text: string, { fields }: Dictionaries): Record<string, WireKind> {
  return Object.fromEntries(
    words(text).map((token) => {
      const [name = '', own] = token.split(':')
      return [name, byMark(kindMarks, own ?? fields.get(name) ?? '')]
    }),
  )
}

function words(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ')
}

function byMark<T extends string>(marks: Readonly<Record<T, string>>, mark: string): T {
  for (const word in marks) if (marks[word] === mark) return word
  throw new Error('the catalogue is damaged')
}
