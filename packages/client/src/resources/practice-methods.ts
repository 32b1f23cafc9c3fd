import { writtenShape } from '../records/document.ts'
import { openShape } from '../wire/decode-record.ts'
import { inferredList, inferredRecord, type MethodTable } from './method-table.ts'

/** Claims. */
export const claimMethods = {
  /** Claims; a heavy call: narrow it by dates, departments or patients. */
  list: 'GET /claims',
  /** One claim. */
  get: 'GET /claims/{claimid}',
  /** Creates claims for a visit outside the schedule. */
  create: 'POST /claims',
  /** Changes a claim. */
  update: 'PUT /claims/{claimid}',
  /** Notes of a claim. */
  notes: inferredList('GET /claims/{claimid}/claimnotes', {
    key: 'claimnotes',
    record: openShape({ claimnote: 'text', createdby: 'text', created: 'dateTime' }),
  }),
  /** Adds a note to a claim. */
  addNote: 'POST /claims/{claimid}/note',
  /** Fields the practice has added to claims. */
  customFields: inferredList('GET /claims/customfields', { key: 'customfields', record: 'GET /customfields' }),
} as const satisfies MethodTable

/** Providers of other practices who refer patients. */
export const referringProviderMethods = {
  /** Referring providers, by name or number. */
  list: 'GET /referringproviders',
  /** One referring provider. */
  get: inferredRecord('GET /referringproviders/{referringproviderid}', 'GET /referringproviders'),
  /** Adds a referring provider. */
  create: inferredRecord('POST /referringproviders', writtenShape('referringproviderid')),
  /** Changes a referring provider. */
  update: 'PUT /referringproviders/{referringproviderid}',
} as const satisfies MethodTable

/** Sites of the practice, beside their list. */
export const departmentMethods = {
  /** Which fields a check-in needs in a department (`fieldlist`). */
  checkInRequired: 'GET /departments/{departmentid}/checkinrequired',
} as const satisfies MethodTable

/** Lists of the practice that single values of other records come from. */
export const customFieldMethods = {
  /** Patient fields the practice has added, with their options. */
  list: 'GET /customfields',
} as const satisfies MethodTable

/** Types a document can have. */
export const documentTypeMethods = {
  /** Types of a class or subclass; 100 a page at most 500. */
  list: inferredList('GET /documenttypes', {
    key: 'documenttypes',
    record: openShape({ documenttypeid: 'id', name: 'text', documentclass: 'text', documentsubclass: 'text' }),
  }),
} as const satisfies MethodTable

/** Insurance packages. */
export const insurancePackageMethods = {
  /** Packages by plan, state and member id. */
  list: 'GET /insurancepackages',
} as const satisfies MethodTable
