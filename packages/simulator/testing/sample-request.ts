/** Requests to endpoints as their documents have them: what is required is sent, with values of the documented kind. */
import type { ContractParameter, EndpointContract } from '../src/contract/endpoint-contract.ts'
import type { RecordKind } from '../src/practice/practice.ts'

/** What the truth of a simulator or a practice is asked for. */
export type RecordsOf = (kind: RecordKind) => Iterable<Record<string, unknown>>

export interface SampleRequest {
  readonly method: EndpointContract['method']
  /** Under the practice. */
  readonly path: string
  /** Fields by the names documented: in the query of a read or a removal, in the form of a write. */
  readonly fields: URLSearchParams
}

/** The id of the first record of each kind that paths and fields name. */
export function firstIds(records: RecordsOf): Readonly<Record<string, string>> {
  const firstOf = (kind: RecordKind, id: string) => {
    const [record] = records(kind)
    return [id, String(record?.[id])] as const
  }
  return Object.fromEntries([
    firstOf('appointments', 'appointmentid'),
    firstOf('patients', 'patientid'),
    firstOf('departments', 'departmentid'),
    firstOf('providers', 'providerid'),
    firstOf('appointmenttypes', 'appointmenttypeid'),
  ])
}

/** A request that leaves out nothing that is required. */
export function sampleRequest(contract: EndpointContract, ids: Readonly<Record<string, string>>): SampleRequest {
  const fields = new URLSearchParams()
  for (const parameter of contract.parameters) {
    if (parameter.place !== 'path' && parameter.required) fields.set(parameter.name, sampleValue(parameter, ids))
  }
  const path = contract.path.replaceAll(/\{(\w+)\}/g, (_brace, name: string) => ids[name] ?? '1')
  return { method: contract.method, path, fields }
}

function sampleValue({ name, type, values }: ContractParameter, ids: Readonly<Record<string, string>>): string {
  const known = values[0] ?? ids[name.toLowerCase()]
  if (known !== undefined) return known
  if (/date|dob/i.test(name)) return '01/05/2026'
  return type === 'boolean' ? 'true' : type === 'text' ? 'sample' : '1'
}

/** Whether a method's fields travel in the form. */
export function isFormMethod(method: string): boolean {
  return method === 'POST' || method === 'PUT'
}
