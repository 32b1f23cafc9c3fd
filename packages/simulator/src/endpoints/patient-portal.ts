/** Whether a patient may use the practice's website, and being asked to. */
import { stateOf } from '../practice/create-practice.ts'
import { updatePatient } from '../practice/patient-changes.ts'
import { patientRecord } from '../practice/patient-record.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { missingFields, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { choiceField } from './chart-requests.ts'
import { insuredPatient } from './patient-insurances.ts'
import { requireFields, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/** What the patient's record shows as `portalstatus`, as an object of its own (inferred). */
function status(context: RouteContext): Answer {
  return ok(patientRecord(stateOf(context.practice), insuredPatient(context), { portalStatus: true })['portalstatus'])
}

/** Somebody else's access needs to be told who that is (documented). */
const thirdPartyFields = ['firstname', 'lastname', 'homephone', 'mobilephone', 'email'] as const

/** Access is given with the invitation, as the patient's record shows from then on (inferred). */
function invite(context: RouteContext): Answer {
  const { input } = context
  const patient = insuredPatient(context)
  requireFields(input, ['departmentid'])
  const level = choiceField(input, 'permissionlevel', ['FULL', 'GUARANTOR', 'PATIENT'] as const) ?? 'PATIENT'
  const missing = thirdPartyFields.filter((name) => input.text(name) === undefined)
  if (level !== 'PATIENT' && missing.length > 0) throw new ReplyError(missingFields(missing))
  updatePatient(stateOf(context.practice), { id: patient, fields: { portalaccessgiven: 'true' } }, stampOf(context))
  return success()
}

export const patientPortalRoutes: readonly Route[] = [
  { method: 'GET', path: '/patients/{patientid}/portalstatus', handle: status },
  { method: 'POST', path: '/patients/{patientid}/portalinvitation', handle: orError(invite) },
]
