/** What a facts file says of an endpoint. Texts of the vendor's (`summary`, `description`) are never read. */
export interface Fact {
  readonly method: string
  readonly path: string
  readonly name: string | null
  readonly area: string
  readonly rollout_note: boolean
  readonly params: readonly FactParam[]
  /** The member that holds records, `[]` for a bare list, null where it is not known. */
  readonly response_key: string | null
  readonly response_key_status?: string
  readonly response_envelope?: 'envelope' | 'array' | 'object'
  readonly response_fields?: Readonly<Record<string, string>>
  readonly envelope_keys?: readonly string[]
  /** Holds the default and largest limit as numbers, in words. */
  readonly limit_doc: string | null
  readonly source: readonly string[]
  readonly fixtures: readonly string[]
  /** Null where it is not known. */
  readonly paginated: boolean | null
  readonly intensive: boolean
  readonly changed_feed: boolean
}

export interface FactParam {
  readonly name: string
  readonly in: 'path' | 'query' | 'body'
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array'
  readonly required: boolean
  readonly enum?: readonly string[]
  /** Known from old documents only. */
  readonly legacy_only?: boolean
}

/** Reads a facts file's text. Throws on one that is not a list of endpoints under the practice. */
export function readFacts(text: string): readonly Fact[] {
  const file: { readonly endpoints?: readonly Fact[] } = JSON.parse(text)
  const facts = file.endpoints ?? []
  if (facts.length === 0) throw new Error('the facts file holds no endpoints')
  for (const { method, path } of facts) {
    const fits = /^(GET|POST|PUT|DELETE)$/.test(method) && path.startsWith(`${PRACTICE}/`)
    if (!fits) throw new Error(`not an endpoint of a practice: ${method} ${path}`)
  }
  return facts
}

/** What every path of the API begins with. */
const PRACTICE = '/v1/{practiceid}'

/** The path under the practice. */
export function pathUnderPractice(fact: Fact): string {
  return fact.path.slice(PRACTICE.length)
}
