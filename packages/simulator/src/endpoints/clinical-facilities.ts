/** The pharmacies and the laboratory of a patient. */
import {
  defaultLaboratory,
  defaultPharmacy,
  dropPharmacy,
  facilityOf,
  facilityRecord,
  likePharmacy,
  preferredPharmacies,
  setDefaultLaboratory,
  setDefaultPharmacy,
  type ClinicalFacility,
} from '../practice/clinical-facility.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { invalidData, missingFields, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { requestedChart } from './chart-requests.ts'
import { stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/** The pharmacy a request names by one of two numbers, not by both (documented). */
function namedPharmacy({ input }: RouteContext): ClinicalFacility {
  const id = input.integer('clinicalproviderid')
  const number = input.integer('ncpdpid')
  if (id === undefined && number === undefined) throw new ReplyError(missingFields(['clinicalproviderid']))
  if (id !== undefined && number !== undefined) {
    throw new ReplyError(invalidData('Only one of clinicalproviderid and ncpdpid can be used.'))
  }
  return facilityOf('pharmacy', { id, ncpdpId: number === undefined ? undefined : String(number) })
}

/** A single object (recorded); an empty one when the patient has none (inferred). */
function shown(facility: ClinicalFacility | undefined): Answer {
  return ok(facility === undefined ? {} : facilityRecord(facility))
}

function getDefaultPharmacy(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  return shown(defaultPharmacy(state, patient))
}

function putDefaultPharmacy(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  setDefaultPharmacy(state, { patient, pharmacy: namedPharmacy(context) }, stampOf(context))
  return success()
}

function listPharmacies(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  const usual = defaultPharmacy(state, patient)
  const pharmacies = preferredPharmacies(state, patient).map((pharmacy) => ({
    ...facilityRecord(pharmacy),
    defaultpharmacy: pharmacy === usual,
  }))
  return ok({ pharmacies, totalcount: pharmacies.length })
}

function putPharmacy(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  likePharmacy(state, { patient, pharmacy: namedPharmacy(context) }, stampOf(context))
  return success()
}

function removePharmacy(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  dropPharmacy(state, { patient, pharmacy: namedPharmacy(context) }, stampOf(context))
  return success()
}

function getLaboratory(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  return shown(defaultLaboratory(state, patient))
}

function putLaboratory(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context, ['clinicalproviderid'])
  const laboratory = facilityOf('laboratory', { id: context.input.integer('clinicalproviderid') ?? 0 })
  setDefaultLaboratory(state, { patient, laboratory }, stampOf(context))
  return success()
}

function removeLaboratory(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context, ['clinicalproviderid'])
  const id = context.input.integer('clinicalproviderid')
  if (defaultLaboratory(state, patient)?.id !== id) throw new Refusal('unknown_record')
  setDefaultLaboratory(state, { patient, laboratory: undefined }, stampOf(context))
  return success()
}

const pharmacies = '/chart/{patientid}/pharmacies'
const laboratory = '/chart/{patientid}/labs/default'

export const clinicalFacilityRoutes: readonly Route[] = [
  { method: 'GET', path: `${pharmacies}/default`, handle: orError(getDefaultPharmacy) },
  { method: 'PUT', path: `${pharmacies}/default`, handle: orError(putDefaultPharmacy) },
  { method: 'GET', path: `${pharmacies}/preferred`, handle: orError(listPharmacies) },
  { method: 'PUT', path: `${pharmacies}/preferred`, handle: orError(putPharmacy) },
  { method: 'DELETE', path: `${pharmacies}/preferred`, handle: orError(removePharmacy) },
  { method: 'GET', path: laboratory, handle: orError(getLaboratory) },
  { method: 'PUT', path: laboratory, handle: orError(putLaboratory) },
  { method: 'DELETE', path: laboratory, handle: orError(removeLaboratory) },
]
