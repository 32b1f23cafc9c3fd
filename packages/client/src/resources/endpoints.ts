import type { ListEndpointName } from '../catalogue/generated/endpoints.ts'
import { appointmentNoteShape, appointmentShape } from '../records/appointment.ts'
import { patientShape } from '../records/patient.ts'
import {
  appointmentReasonShape,
  appointmentTypeShape,
  departmentShape,
  practiceInfoShape,
  providerShape,
} from '../records/practice-records.ts'
import type { RecordOfList } from '../request/endpoint-request.ts'
import { listShapeOf } from '../request/request-endpoint.ts'
import type { RecordShape } from '../wire/decode-record.ts'
import { type ListShape, type PageReading, readPage } from '../wire/read-page.ts'
import type { ListEndpoint } from './list.ts'

/**
 * The lists of the API: where, under which member, how many a page. Pages are larger than athenahealth's defaults where
 * those are small (10 patients a page would make a call of every ten), and well under its maximum of 5,000, because a
 * large page takes long and is lost as a whole.
 */
export const listEndpoints = {
  practiceInfo: { route: '/practiceinfo', shape: keyed('practiceinfo', practiceInfoShape), limit: 1_500 },
  departments: { route: '/departments', shape: keyed('departments', departmentShape), limit: 1_500 },
  providers: { route: '/providers', shape: keyed('providers', providerShape), limit: 1_500 },
  appointmentTypes: {
    route: '/appointmenttypes',
    shape: keyed('appointmenttypes', appointmentTypeShape),
    limit: 1_500,
  },
  appointmentReasons: {
    route: '/patientappointmentreasons',
    shape: keyed('patientappointmentreasons', appointmentReasonShape),
    limit: 1_500,
  },
  patients: { route: '/patients', shape: keyed('patients', patientShape), limit: 1_000, intensive: true },
  // The member's name has not been seen in any recording.
  patientSearch: {
    route: '/patients/search',
    shape: { ...keyed('patients', patientShape), keyConfirmed: false, bare: true },
    limit: 0,
  },
  bestMatch: {
    route: '/patients/enhancedbestmatch',
    shape: { ...keyed('patients', patientShape), bare: true },
    limit: 0,
  },
  open: { route: '/appointments/open', shape: keyed('appointments', appointmentShape), limit: 1_000 },
  booked: {
    route: '/appointments/booked',
    shape: keyed('appointments', appointmentShape),
    limit: 1_000,
    intensive: true,
  },
  bookedMultipleDepartment: {
    route: '/appointments/booked/multipledepartment',
    shape: keyed('appointments', appointmentShape),
    limit: 1_000,
    intensive: true,
  },
  notes: { route: '/appointments/{appointmentid}/notes', shape: keyed('notes', appointmentNoteShape), limit: 1_500 },
} as const satisfies Record<string, ListEndpoint<unknown>>

/** A list of the API by name. */
export type ListName = keyof typeof listEndpoints

/**
 * Reads a list's page from its text, one that was fetched and stored earlier: of a list by its name here, or of any list
 * endpoint by `METHOD /path`. Never throws but for a name that is neither (`invalid-argument`).
 */
export function readListPage<N extends ListName | ListEndpointName>(name: N, raw: string): PageReading<ListRecord<N>> {
  // The border: the table's own shape for the name, or the one that the endpoint's type is made of.
  return readPage(shapeOf(name) as ListShape<ListRecord<N>>, raw)
}

function shapeOf(name: ListName | ListEndpointName): ListShape<unknown> {
  return isListName(name) ? listEndpoints[name].shape : listShapeOf(name)
}

function isListName(name: string): name is ListName {
  return Object.hasOwn(listEndpoints, name)
}

type ListRecord<N extends ListName | ListEndpointName> = N extends ListName
  ? (typeof listEndpoints)[N]['shape'] extends ListShape<infer T>
    ? T
    : never
  : N extends ListEndpointName
    ? RecordOfList<N>
    : never

function keyed<T>(key: string, record: RecordShape<T>): ListShape<T> {
  return { key, keyConfirmed: true, bare: false, record }
}
