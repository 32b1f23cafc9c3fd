/*
 * The contract's text: a line an endpoint under a line with its area, `# charts`; columns between bars:
 *
 *   GET /claims|documented|beta intensive|envelope|claims|1500 5000|*createdstartdate q s;departmentid q i|claimid si|totalcount
 *
 * name; source; marks; wrapping; key (`[]` for a bare array); limits; parameters (`*` required, place, type, values);
 * fields with the letters of their recorded types; names beside the array.
 */
import {
  shapeOf,
  type ContractParameter,
  type EndpointContract,
  type EndpointHead,
  type FieldType,
  type Wrapping,
} from './endpoint-contract.ts'

const types: Readonly<Record<string, FieldType>> = {
  s: 'text',
  i: 'integer',
  n: 'number',
  b: 'boolean',
  a: 'array',
  o: 'object',
  '0': 'null',
}
const places = { p: 'path', q: 'query', f: 'form' } as const

interface Line {
  readonly head: EndpointHead
  readonly row: string
}

/** Columns that a head is read from: splitting off the others takes most of the time. */
const headColumns = 5

export interface Contract {
  readonly heads: readonly EndpointHead[]
  /** By shape. */
  find(shape: string): EndpointContract | undefined
}

/** Reads of each line what it begins with, and the rest when it is asked for. */
export function readContract(text: string): Contract {
  const heads: EndpointHead[] = []
  const lines = new Map<string, Line>()
  let area = ''
  for (const row of text.split('\n')) {
    if (row.startsWith('# ')) {
      area = row.slice(2)
      continue
    }
    const head = readHead(row.split('|', headColumns), area)
    heads.push(head)
    lines.set(head.shape, { head, row })
  }
  const contracts = new Map<string, EndpointContract>()
  return {
    heads,
    find(shape) {
      const line = lines.get(shape)
      if (line === undefined) return undefined
      const contract = contracts.get(shape) ?? readRest(line)
      contracts.set(shape, contract)
      return contract
    },
  }
}

function readHead(columns: readonly string[], area: string): EndpointHead {
  const [name = '', source = '', marks = '', , key = ''] = columns
  const [method = '', path = ''] = name.split(' ')
  return {
    name,
    // The generator writes these words and no others.
    method: method as EndpointHead['method'],
    path,
    shape: shapeOf({ method, path }),
    area,
    source: source as EndpointHead['source'],
    beta: marks.includes('beta'),
    intensive: marks.includes('intensive'),
    key: key === '' || key === '[]' ? undefined : key,
  }
}

function readRest({ head, row }: Line): EndpointContract {
  const columns = row.split('|')
  const column = (place: number): string => columns[place] ?? ''
  return {
    ...head,
    // As above.
    wrapping: (column(3) || undefined) as Wrapping,
    isKeyGuessed: column(2).includes('guessedkey'),
    limits: readLimits(column(5)),
    parameters: listOf(column(6), ';').map(readParameter),
    fields: new Map(listOf(column(7), ';').map(readField)),
    around: listOf(column(8), ' '),
  }
}

function listOf(text: string, separator: string): string[] {
  return text === '' ? [] : text.split(separator)
}

function readLimits(text: string): EndpointContract['limits'] {
  if (text === '') return undefined
  const [defaultLimit = 0, maxLimit = 0] = text.split(' ').map(Number)
  return { defaultLimit, maxLimit }
}

function readParameter(text: string): ContractParameter {
  const [name = '', place = '', type = '', values = ''] = text.split(' ')
  const required = name.startsWith('*')
  return {
    name: required ? name.slice(1) : name,
    place: places[place as keyof typeof places],
    type: typeOf(type),
    required,
    values: listOf(values, ',').map(decodeURIComponent),
  }
}

function readField(text: string): [name: string, types: readonly FieldType[]] {
  const [name = '', letters = ''] = text.split(' ')
  return [name, letters.split('').map(typeOf)]
}

function typeOf(letter: string): FieldType {
  const type = types[letter]
  if (type === undefined) throw new TypeError(`the contract has no type "${letter}"`)
  return type
}
