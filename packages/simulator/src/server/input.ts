/** Reads query strings and form bodies the way athenahealth does: one bag of fields, names in any case, three array forms. */
import type { Input } from '../route.ts'
import { invalid } from './reply.ts'
import { ReplyError } from '../route.ts'

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

class RequestInput implements Input {
  readonly #query: string
  readonly #form: string
  #entries: readonly Field[] | undefined
  #values: Map<string, string[]> | undefined

  constructor(query: string, form: string) {
    this.#query = query
    this.#form = form
  }

  get entries(): readonly Field[] {
    this.#entries ??=
      this.#form === '' ? parseFields(this.#query) : [...parseFields(this.#query), ...parseFields(this.#form)]
    return this.#entries
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
