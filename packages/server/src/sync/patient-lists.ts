import type { AthenaPractice, CallOptions, Page } from '@aegis/client'
import { answerValue } from './answer-value.ts'
import { type WhatFollows, whatFollows } from './what-follows.ts'

/** Where one patient's records of a kind are asked for. */
export interface PatientChart {
  readonly patientId: string
  /** A department that keeps the chart; empty of what no chart keeps. */
  readonly departmentId: string
}

/** What one patient has of a kind, as athenahealth shows it; `records` as sent. */
export interface PatientPage extends WhatFollows {
  readonly records: readonly unknown[]
  /** The body does not say what there is: the list is not in it, or it speaks of a failure as well. */
  readonly doubtful: boolean
}

/** A page of a patient's records; `offset` is that of the page. */
export type PatientList = (
  practice: AthenaPractice,
  at: PatientChart & { readonly offset: number; readonly limit: number },
  options: CallOptions,
) => Promise<PatientPage>

type Lists =
  | 'claims'
  | 'patientcases'
  | 'labresults'
  | 'imagingresults'
  | 'prescriptions'
  | 'problems'
  | 'medications'
  | 'allergies'

/** As many as athenahealth lists at most; no patient has them. */
const claimsMost = 5_000

/** The lists of a patient's records, and the sections of a patient's chart, which come as a whole. */
export const patientLists: Readonly<Record<Lists, PatientList>> = {
  // Of all departments at once, and in one page: another one would be part of a large pull.
  claims: async ({ claims }, { patientId, offset }, options) => {
    const at = { offset, limit: claimsMost }
    return pageOf('claims', at, await claims.list({ patientid: patientId }, options).fetchPage(at, options))
  },
  patientcases: async ({ patients }, { patientId, departmentId, ...at }, options) =>
    pageOf(
      'patientcases',
      at,
      await patients.documents.patientCases.list(patientId, chart(departmentId)).fetchPage(at, options),
    ),
  labresults: async ({ patients }, { patientId, departmentId, ...at }, options) =>
    pageOf(
      'labresults',
      at,
      await patients.documents.labResults.list(patientId, chart(departmentId)).fetchPage(at, options),
    ),
  imagingresults: async ({ patients }, { patientId, departmentId, ...at }, options) =>
    pageOf(
      'imagingresults',
      at,
      await patients.documents.imagingResults.list(patientId, chart(departmentId)).fetchPage(at, options),
    ),
  prescriptions: async ({ patients }, { patientId, departmentId, ...at }, options) =>
    pageOf(
      'prescriptions',
      at,
      await patients.documents.prescriptions.list(patientId, chart(departmentId)).fetchPage(at, options),
    ),
  problems: async ({ chart: of }, { patientId, departmentId }, options) =>
    sectionOf('problems', await of.problems.get(patientId, { ...chart(departmentId), showinactive: true }, options)),
  medications: async ({ chart: of }, { patientId, departmentId }, options) =>
    // What was prescribed here has a feed of its own and is mirrored as prescriptions; this one tells of the others only.
    sectionOf(
      'medications',
      await of.medications.get(patientId, { ...chart(departmentId), medicationtype: 'HISTORICAL' }, options),
    ),
  allergies: async ({ chart: of }, { patientId, departmentId }, options) =>
    sectionOf('allergies', await of.allergies.get(patientId, { ...chart(departmentId), showinactive: true }, options)),
}

const chart = (departmentid: string) => ({ departmentid })

function pageOf(key: string, at: { limit: number; offset: number }, page: Page<unknown>): PatientPage {
  const records = listIn(key, answerValue(page.raw)) ?? []
  return { records, doubtful: page.doubtful === true, ...whatFollows(page, { ...at, items: records.length }) }
}

/** Medications stand in lists of their own inside of the list. All recorded sections without an entry have an empty list. */
function sectionOf(key: string, { raw }: { raw: string }): PatientPage {
  const body = answerValue(raw)
  const records = Array.isArray(body) ? undefined : listIn(key, body)
  return { records: (records ?? []).flat(), more: false, doubtful: records === undefined || speaksOfFailure(body) }
}

/** The records as sent. */
function listIn(key: string, body: unknown): readonly unknown[] | undefined {
  const list: unknown = Array.isArray(body) ? body : Reflect.get(Object(body), key)
  return Array.isArray(list) ? list : undefined
}

function speaksOfFailure(body: unknown): boolean {
  return ['error', 'errormessage', 'fault'].some((name) => isTold(Reflect.get(Object(body), name)))
}

function isTold(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== '' && value !== false
}
