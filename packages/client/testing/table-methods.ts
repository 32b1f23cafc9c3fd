import { type CatalogueEntry } from '../src/catalogue/catalogue-entry.ts'
import { catalogueEntry } from '../src/catalogue/catalogue.ts'
import {
  appointmentMethods,
  appointmentReasonMethods,
  appointmentTypeMethods,
  healthHistoryFormMethods,
} from '../src/resources/appointment-methods.ts'
import { chartMethods, encounterMethods } from '../src/resources/chart-methods.ts'
import { documentMethods, patientCaseMethods } from '../src/resources/document-methods.ts'
import type { AthenaPractice } from '../src/resources/athena-practice.ts'
import { isPaged } from '../src/request/request-endpoint.ts'
import type { MethodEntry, MethodTable } from '../src/resources/method-table.ts'
import { patientMethods } from '../src/resources/patient-methods.ts'
import {
  claimMethods,
  customFieldMethods,
  departmentMethods,
  documentTypeMethods,
  insurancePackageMethods,
  referringProviderMethods,
} from '../src/resources/practice-methods.ts'
import { sampleAnswer, sampleRequest } from './sample-request.ts'

/** The tables by where their methods stand on a practice. */
const tables: { readonly [K in keyof AthenaPractice]?: MethodTable } = {
  patients: { ...patientMethods, documents: { ...documentMethods, patientCases: patientCaseMethods } },
  appointments: appointmentMethods,
  appointmentTypes: appointmentTypeMethods,
  appointmentReasons: appointmentReasonMethods,
  healthHistoryForms: healthHistoryFormMethods,
  chart: chartMethods,
  encounters: encounterMethods,
  claims: claimMethods,
  referringProviders: referringProviderMethods,
  insurancePackages: insurancePackageMethods,
  departments: departmentMethods,
  customFields: customFieldMethods,
  documentTypes: documentTypeMethods,
}

/** A method of a practice that was made of a table. */
export interface TableMethod {
  /** `patients.photo.put`. */
  readonly name: string
  readonly how: 'call' | 'list' | 'download'
  readonly made: MethodEntry
  /** What the catalogue knows of its endpoint. */
  readonly entry: CatalogueEntry
}

/** Every such method there is. */
export const tableMethods: readonly TableMethod[] = Object.entries(tables).flatMap(([name, table]) => walk(name, table))

function walk(place: string, table: MethodTable): readonly TableMethod[] {
  return Object.entries(table).flatMap(([word, made]) => {
    const name = `${place}.${word}`
    if (typeof made !== 'string' && typeof made['kind'] !== 'string') return walk(name, made as MethodTable)
    // What has a kind is no table.
    return [methodOf(name, made as MethodEntry)]
  })
}

function methodOf(name: string, made: MethodEntry): TableMethod {
  const endpoint = typeof made === 'string' ? made : made.endpoint
  const entry = catalogueEntry(endpoint)
  if (!entry) throw new Error(`${endpoint} of ${name} is no endpoint`)
  const kind = typeof made === 'string' ? (isPaged(entry) ? 'list' : 'call') : made.kind
  return { name, made, entry, how: kind === 'list' || kind === 'download' ? kind : 'call' }
}

/** Calls a method with a value for each parameter, and gets what it gives: of a list the first page. */
export async function callByName(practice: AthenaPractice, method: TableMethod, which: 'all' | 'required' = 'all') {
  const found = method.name.split('.').reduce<unknown>((place, word) => Reflect.get(Object(place), word), practice)
  if (typeof found !== 'function') throw new Error(`there is no ${method.name}`)
  const { path = {}, query, form } = sampleRequest(method.entry, which)
  const braces = method.entry.path.split('{').length - 1
  const params = method.entry.bodyEncoding === 'form' ? form : query
  const given: unknown = found(...(braces === 0 ? [] : [braces === 1 ? Object.values(path)[0] : path]), params)
  return method.how === 'list' ? (given as ReturnType<AthenaPractice['providers']['list']>).fetchPage() : given
}

/** An answer of the shape that the method reads. */
export function answerFor({ made, entry }: TableMethod, records: readonly unknown[]): unknown {
  if (typeof made === 'string' || made.kind === 'section' || made.kind === 'image') return sampleAnswer(entry, records)
  return made.kind === 'list' ? { [made.key]: records } : records[0]
}
