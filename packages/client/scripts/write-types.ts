import type { CatalogueParam, ParamType } from '../src/catalogue/catalogue-entry.ts'
import type { WireKind } from '../src/wire/coerce.ts'
import { describeEndpoint } from './describe-endpoint.ts'
import { HEADER } from './generated-file.ts'
import type { SettledEntry } from './settle-endpoint.ts'

const paramTypes: Readonly<Record<ParamType, string>> = {
  id: 'Id',
  text: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  date: 'string',
  json: 'JsonInput',
  file: 'FileText',
}

const fieldTypes: Readonly<Record<WireKind, string>> = {
  id: 'string',
  text: 'string',
  boolean: 'boolean',
  number: 'number',
  date: 'PlainDate',
  time: 'PlainTime',
  dateTime: 'string',
  ids: 'readonly string[]',
  list: 'readonly unknown[]',
}

/** Lists of documented values that are too long, or known to be incomplete, to hold callers to them. */
const OPEN_VALUES_MIN = 20

/** Writes one area's endpoints as an interface by name. */
export function writeAreaTypes(area: string, entries: readonly SettledEntry[]): string {
  const records = entries.map(writeRecord).join('')
  const members = entries.map(writeEndpoint).join('')
  const lists = entries.filter(isIterable)
  const body = `${records}/** Endpoints of the area ${area}: what each takes and answers. */
export interface ${areaName(area)}Endpoints {
${members}}
${
  lists.length === 0
    ? ''
    : `
/** Those of them that can be read page by page, with their records. */
export interface ${areaName(area)}Lists {
${lists.map((entry) => `  readonly '${entry.name}': ${recordName(entry)}\n`).join('')}}
`
}`
  return `${HEADER}${writeImports(body)}\n${body}`
}

/** Writes the interface of all endpoints. */
export function writeAllTypes(areas: ReadonlyMap<string, readonly SettledEntry[]>): string {
  const withLists = [...areas].filter(([, entries]) => entries.some(isIterable)).map(([area]) => area)
  const imports = [...areas.keys()].map((area) => {
    const names = [`${areaName(area)}Endpoints`, ...(withLists.includes(area) ? [`${areaName(area)}Lists`] : [])]
    return `import type { ${names.join(', ')} } from './${area}.ts'\n`
  })
  const all = [...areas.keys()].map((area) => `    ${areaName(area)}Endpoints`)
  return `${HEADER}${imports.join('')}
/** Every endpoint of the API by \`METHOD /path\`, with what it takes and what it answers. */
export interface AthenaEndpoints
  extends
${all.join(',\n')} {}

/** Those that can be read page by page, with their records. */
export interface AthenaLists
  extends
${withLists.map((area) => `    ${areaName(area)}Lists`).join(',\n')} {}

/** \`METHOD /path\` of an endpoint. */
export type EndpointName = keyof AthenaEndpoints

/** \`GET /path\` of an endpoint that can be read page by page. */
export type ListEndpointName = keyof AthenaLists
`
}

function isIterable({ method, envelope, consuming, nested, recordKey }: SettledEntry): boolean {
  return method === 'GET' && !consuming && !nested && recordKey !== 'subscriptions' && isListed(envelope)
}

function isListed(envelope: SettledEntry['envelope']): boolean {
  return envelope === 'list' || envelope === 'array'
}

function writeEndpoint(entry: SettledEntry): string {
  const places = (['path', 'query', 'form'] as const).map((place) =>
    writePlace(
      place,
      entry.params.filter((param) => param.place === place),
    ),
  )
  return `  /** ${describeEndpoint(entry)} */
  readonly '${entry.name}': {
    readonly request: {
${places.join('')}    }
    readonly response: ${responseType(entry)}
  }
`
}

function writePlace(place: string, params: readonly CatalogueParam[]): string {
  if (params.length === 0) return ''
  const optional = params.some((param) => param.required) ? '' : '?'
  const members = params.map((param) => {
    const type = paramType(param)
    return param.required
      ? `        readonly ${param.name}: ${type}\n`
      : `        readonly ${param.name}?: Maybe<${type}>\n`
  })
  return `      readonly ${place}${optional}: {\n${members.join('')}      }\n`
}

function paramType({ type, array, values }: CatalogueParam): string {
  const closed = values && values.length < OPEN_VALUES_MIN
  const one = closed ? values.map((value) => `'${value}'`).join(' | ') : paramTypes[type]
  return array ? `Many<${one}>` : one
}

function responseType(entry: SettledEntry): string {
  const record = recordName(entry)
  const beside = Object.entries(entry.around).map(([name, kind]) => `; readonly ${name}?: ${fieldTypes[kind]}`)
  const items = entry.nested ? `readonly (readonly ${record}[])[]` : `readonly ${record}[]`
  const types: Readonly<Record<SettledEntry['envelope'], string>> = {
    list: `ListEnvelope & { readonly ${entry.recordKey}: ${items}${beside.join('')} }`,
    array: `readonly ${record}[]`,
    one: `ArrayOfOne<${record}>`,
    object: record,
    scalar: 'Scalar',
    unknown: 'OpenRecord',
  }
  return types[entry.envelope]
}

function writeRecord(entry: SettledEntry): string {
  const fields = Object.entries(entry.fields)
  if (fields.length === 0) return ''
  const members = fields.map(([name, kind]) => `  readonly ${name}?: ${fieldTypes[kind]}\n`)
  return `interface ${recordName(entry)} extends OpenRecord {\n${members.join('')}}\n\n`
}

/** `GET /chart/{patientid}/vitals`: GetChartPatientidVitals. */
function recordName(entry: SettledEntry): string {
  if (Object.keys(entry.fields).length === 0) return 'OpenRecord'
  return entry.name.toLowerCase().replace(/[^a-z0-9]*([a-z0-9]+)[^a-z0-9]*/g, (_, word: string) => capital(word))
}

function areaName(area: string): string {
  return area.split('-').map(capital).join('')
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function writeImports(body: string): string {
  const used = (names: readonly string[]) => names.filter((name) => new RegExp(`\\b${name}\\b`).test(body))
  const dates = used(['PlainDate', 'PlainTime'])
  const types = used([
    'ArrayOfOne',
    'FileText',
    'Id',
    'JsonInput',
    'ListEnvelope',
    'Many',
    'Maybe',
    'OpenRecord',
    'Scalar',
  ])
  return [
    dates.length ? `import type { ${dates.join(', ')} } from '../../wire/plain-date.ts'\n` : '',
    types.length ? `import type { ${types.join(', ')} } from '../request-types.ts'\n` : '',
  ].join('')
}
