import type { CallOptions } from '../athena-call.ts'
import { feedOf } from '../feeds/feed.ts'
import type { FeedName } from '../feeds/feed-table.ts'
import type { PracticeListRequest, PracticeRequest } from '../request/endpoint-request.ts'
import { listEndpoint, requestEndpoint } from '../request/request-endpoint.ts'
import { healthHistoryFormMethods } from './appointment-methods.ts'
import { appointmentsOf, slotsOf } from './appointments.ts'
import { chartMethods, encounterMethods } from './chart-methods.ts'
import { endpointMethods } from './endpoint-methods.ts'
import { patientsOf } from './patients.ts'
import type { PracticeApi } from './practice-api.ts'
import {
  claimMethods,
  customFieldMethods,
  documentTypeMethods,
  insurancePackageMethods,
  referringProviderMethods,
} from './practice-methods.ts'
import { appointmentReasonsOf, appointmentTypesOf, departmentsOf, practiceInfo, providersOf } from './practice-setup.ts'

/** The API of one practice. Parameters and records go by athenahealth's names; dates are `YYYY-MM-DD`. */
export function athenaPractice(api: PracticeApi) {
  const request: PracticeRequest = async (endpoint, ...[wanted, options]) =>
    requestEndpoint(api, endpoint, { ...wanted, options })
  const list: PracticeListRequest = (endpoint, ...[wanted, options]) =>
    listEndpoint(api, endpoint, { ...wanted, options })
  return {
    /** The practice's id. */
    id: api.practice,
    practiceInfo: (options?: CallOptions) => practiceInfo(api, options),
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
    /** Any of the 24 feeds of feedTable. */
    feed: <N extends FeedName>(name: N) => feedOf(api, name),
    request,
    list,
  }
}

export type AthenaPractice = ReturnType<typeof athenaPractice>
