/** Reads query strings and form bodies the way athenahealth does: one bag of fields, names in any case, three array forms. */
import { ReplyError, type Input, type Part } from '../route.ts'
import { formOf, isMultipart, type Arrival } from './answer.ts'
import { parseMultipart } from './multipart.ts'
import { invalid, invalidData } from './reply.ts'

type Field = readonly [name: string, value: string]

const truths = new Set(['true', 't', 'yes', 'y', '1'])
const integerText = /^[+-]?\d{1,15}$/
const arrayIndex = /\[[^\]]*\]$/

/** Decodes one urlencoded token; text that is not valid percent-encoding is taken as it stands, as a lenient server does. */
function decodeToken(token: string): string {
  if (!token.includes('%') && !token.includes('+')) return token
  const spaced = token.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** A part as a field: the text of a plain one, nothing for a file, which is asked for by `part`. */
function partField({ name, fileName, bytes }: Part): Field {
  return [name, fileName === undefined ? bytes.toString('utf8') : '']
}

/** The fields of an urlencoded text in their order; fields without a name are dropped. */
function parseFields(text: string): Field[] {
  const fields: Field[] = []
  if (text === '') return fields
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=')
    const name = decodeToken(equals < 0 ? pair : pair.slice(0, equals))
    if (name !== '') fields.push([name, equals < 0 ? '' : decodeToken(pair.slice(equals + 1))])
  }
  return fields
}

/** The name a field is looked up by: lower case, without the `[0]` or `[]` of an array element. */
function fieldName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith(']') ? lower.replace(arrayIndex, '') : lower
}

/**
 * Merges a query string (without `?`) and an urlencoded form into one `Input`. When a field is in both, the query's
 * value comes first and `text` returns it. Nothing is decoded before a field is asked for.
 */
export function parseInput(query: string, form = ''): Input {
  return new RequestInput(query, form)
}

/** The fields of a request: its query and its body, be that an urlencoded form or multipart. */
export function inputOf(arrival: Arrival): Input {
  if (arrival.body === '') return new RequestInput(arrival.query, '')
  if (!isMultipart(arrival.contentType)) return new RequestInput(arrival.query, formOf(arrival))
  return new RequestInput(arrival.query, '', { contentType: arrival.contentType ?? '', body: arrival.body })
}

/** A multipart body, one character a byte. */
interface Multipart {
  readonly contentType: string
  readonly body: string
}

class RequestInput implements Input {
  readonly #query: string
  readonly #form: string
  readonly #multipart: Multipart | undefined
  #entries: readonly Field[] | undefined
  #values: Map<string, string[]> | undefined
  #parts: readonly Part[] | undefined

  constructor(query: string, form: string, multipart?: Multipart) {
    this.#query = query
    this.#form = form
    this.#multipart = multipart
  }

  get entries(): readonly Field[] {
    this.#entries ??=
      this.#multipart === undefined
        ? this.#form === ''
          ? parseFields(this.#query)
          : [...parseFields(this.#query), ...parseFields(this.#form)]
        : [...parseFields(this.#query), ...this.#allParts().map(partField)]
    return this.#entries
  }

  part(name: string): Part | undefined {
    if (this.#multipart === undefined) return undefined
    return this.#allParts().find((part) => fieldName(part.name) === name)
  }

  #allParts(): readonly Part[] {
    if (this.#multipart !== undefined && this.#parts === undefined) {
      this.#parts = parseMultipart(this.#multipart.body, this.#multipart.contentType)
      // Cut short on its way or put together wrongly: no part of it can be trusted.
      if (this.#parts === undefined) throw new ReplyError(invalidData('The multipart body is not well-formed.'))
    }
    return this.#parts ?? []
  }

  #valuesOf(name: string): readonly string[] | undefined {
    if (this.#values === undefined) {
      this.#values = new Map()
      for (const [sent, value] of this.entries) {
        const key = fieldName(sent)
        const known = this.#values.get(key)
        if (known === undefined) this.#values.set(key, [value])
        else known.push(value)
      }
    }
    return this.#values.get(name)
  }

  text(name: string): string | undefined {
    return this.#valuesOf(name)?.find((value) => value !== '')
  }

  list(name: string): readonly string[] {
    const values = this.#valuesOf(name)
    if (values === undefined) return []
    return values.flatMap((value) => value.split(',')).flatMap((value) => value.trim() || [])
  }

  flag(name: string, fallback = false): boolean {
    const text = this.text(name)
    return text === undefined ? fallback : truths.has(text.toLowerCase())
  }

  integer(name: string): number | undefined {
    const text = this.#valuesOf(name)?.at(0)
    if (text === undefined) return undefined
    // A field that is sent but empty is an error too: recorded "Expecting type integer, but value is " (2016).
    if (!integerText.test(text.trim())) throw new ReplyError(invalid('integer', text))
    return Number(text)
  }
}
