import type { Answer, CallOptions } from '../athena-call.ts'
import { type Feed, feedOf, type RecordOfFeed } from '../feeds/feed.ts'
import type { FeedName } from '../feeds/feed-table.ts'
import type { Appointment } from '../records/appointment.ts'
import type { Patient } from '../records/patient.ts'
import type { PracticeInfo, Provider } from '../records/practice-records.ts'
import type { PracticeListRequest, PracticeRequest } from '../request/endpoint-request.ts'
import { listEndpoint, requestEndpoint } from '../request/request-endpoint.ts'
import { healthHistoryFormMethods } from './appointment-methods.ts'
import { type Appointments, appointmentsOf, type Slots, slotsOf } from './appointments.ts'
import { chartMethods, encounterMethods } from './chart-methods.ts'
import { endpointMethods } from './endpoint-methods.ts'
import type { Methods } from './method-table.ts'
import { type Patients, patientsOf } from './patients.ts'
import type { PracticeApi } from './practice-api.ts'
import {
  claimMethods,
  customFieldMethods,
  documentTypeMethods,
  insurancePackageMethods,
  referringProviderMethods,
} from './practice-methods.ts'
import {
  type AppointmentReasons,
  appointmentReasonsOf,
  type AppointmentTypes,
  appointmentTypesOf,
  type Departments,
  departmentsOf,
  practiceInfo,
  type Providers,
  providersOf,
} from './practice-setup.ts'

/** The API of one practice. Parameters and records go by athenahealth's names; dates are `YYYY-MM-DD`. */
export interface AthenaPractice {
  /** The practice's id. */
  readonly id: number
  /**
   * What athenahealth says of the practice itself; the usual first call, since it fails with `unknown-practice` or
   * `forbidden` where the app has no access.
   */
  practiceInfo(options?: CallOptions): Promise<Answer<PracticeInfo>>
  readonly departments: Departments
  readonly providers: Providers
  readonly patients: Patients
  readonly appointmentTypes: AppointmentTypes
  readonly appointmentReasons: AppointmentReasons
  readonly appointments: Appointments
  readonly slots: Slots
  readonly chart: Methods<typeof chartMethods>
  readonly encounters: Methods<typeof encounterMethods>
  readonly claims: Methods<typeof claimMethods>
  readonly referringProviders: Methods<typeof referringProviderMethods>
  readonly insurancePackages: Methods<typeof insurancePackageMethods>
  readonly healthHistoryForms: Methods<typeof healthHistoryFormMethods>
  readonly customFields: Methods<typeof customFieldMethods>
  readonly documentTypes: Methods<typeof documentTypeMethods>
  /** The feeds of what a scheduling integration follows; `feed` has all. */
  readonly feeds: {
    readonly appointments: Feed<Appointment>
    readonly patients: Feed<Patient>
    readonly providers: Feed<Provider>
  }
  /** Any of the 24 feeds of feedTable. */
  feed<N extends FeedName>(name: N): Feed<RecordOfFeed<N>>
  /** Any of the 818 endpoints, by `METHOD /path`. */
  readonly request: PracticeRequest
  /** Any list endpoint, read page by page. */
  readonly list: PracticeListRequest
}

/** Makes the API of one practice; sends nothing. */
export function athenaPractice(api: PracticeApi): AthenaPractice {
  const request: PracticeRequest = async (endpoint, ...[wanted, options]) =>
    requestEndpoint(api, endpoint, { ...wanted, options })
  const list: PracticeListRequest = (endpoint, ...[wanted, options]) =>
    listEndpoint(api, endpoint, { ...wanted, options })
  return {
    id: api.practice,
    practiceInfo: (options) => practiceInfo(api, options),
    departments: departmentsOf(api),
    providers: providersOf(api),
    patients: patientsOf(api),
    appointmentTypes: appointmentTypesOf(api),
    appointmentReasons: appointmentReasonsOf(api),
    appointments: appointmentsOf(api),
    slots: slotsOf(api),
    chart: endpointMethods(api, chartMethods),
    encounters: endpointMethods(api, encounterMethods),
    claims: endpointMethods(api, claimMethods),
    referringProviders: endpointMethods(api, referringProviderMethods),
    insurancePackages: endpointMethods(api, insurancePackageMethods),
    healthHistoryForms: endpointMethods(api, healthHistoryFormMethods),
    customFields: endpointMethods(api, customFieldMethods),
    documentTypes: endpointMethods(api, documentTypeMethods),
    feeds: {
      appointments: feedOf(api, 'appointments'),
      patients: feedOf(api, 'patients'),
      providers: feedOf(api, 'providers'),
    },
    feed: (name) => feedOf(api, name),
    request,
    list,
  }
}
