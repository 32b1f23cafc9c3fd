import type { CatalogueEntry, CatalogueParam } from '../src/catalogue/catalogue-entry.ts'
import type { LooseRequest } from '../src/request/endpoint-request.ts'

/** A value of a parameter's kind, and the text it travels as. */
export interface Sample {
  readonly value: unknown
  readonly sent: string
}

const SAMPLES: Readonly<Record<CatalogueParam['type'], Sample>> = {
  id: { value: 17, sent: '17' },
  // No longer than the shortest limit of a field.
  text: { value: 'a &é', sent: 'a &é' },
  integer: { value: 3, sent: '3' },
  number: { value: 1.5, sent: '1.5' },
  boolean: { value: true, sent: 'true' },
  date: { value: '2026-03-02', sent: '03/02/2026' },
  json: { value: [{ id: 1, name: 'é' }], sent: '[{"id":1,"name":"é"}]' },
  file: { value: 'QUVHSVM=', sent: 'QUVHSVM=' },
}

/** A value that a parameter takes. Booleans whose name ends in `yn` travel as Y and N. */
export function sampleOf(param: CatalogueParam): Sample {
  if (param.type === 'boolean' && param.name.endsWith('yn')) return { value: true, sent: 'Y' }
  if (param.place === 'path') return { value: 'x17', sent: 'x17' }
  const [first] = param.values ?? []
  const sample = first === undefined ? SAMPLES[param.type] : { value: first, sent: first }
  return param.array ? { value: [sample.value], sent: sample.sent } : sample
}

/** A request of an endpoint with a value for every parameter, or for the required ones. */
export function sampleRequest(entry: CatalogueEntry, which: 'all' | 'required'): LooseRequest {
  const chosen = entry.params.filter((param) => which === 'all' || param.required)
  const place = (name: CatalogueParam['place']) =>
    Object.fromEntries(
      chosen.filter((param) => param.place === name).map((param) => [param.name, sampleOf(param).value]),
    )
  return { path: place('path'), query: place('query'), form: place('form') }
}

/** An answer of the endpoint's shape with these records in it. */
export function sampleAnswer(entry: CatalogueEntry, records: readonly unknown[]): unknown {
  if (entry.envelope === 'list')
    return { [entry.recordKey ?? '']: entry.nested ? records.map((one) => [one]) : records }
  if (entry.envelope === 'array' || entry.envelope === 'one') return records
  return entry.envelope === 'scalar' ? 1 : records[0]
}
