/** Whether a patient signed the practice's privacy forms, and signing them. */
import { dateText } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import { privacyBoxes, privacySignatures, type PrivacySignature } from '../practice/privacy-signatures.ts'
import { verifyPrivacy } from '../practice/verify-privacy.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, ok, one } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { insuredPatient } from './patient-insurances.ts'
import { dateField, easternField, requireFields, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

const longestName = 100

/** A box that was not ticked through this call is an empty object (its fields are inferred). */
function show(context: RouteContext): Answer {
  requireFields(context.input, ['departmentid'])
  const signed = privacySignatures(stateOf(context.practice), insuredPatient(context))
  const boxes = privacyBoxes.map((box) => [box, signed[box] ?? {}] as const)
  return ok({ checkboxesconfigured: privacyBoxes.length, ...Object.fromEntries(boxes) })
}

function signatureOf(input: Input): PrivacySignature {
  requireFields(input, ['departmentid', 'signaturedatetime', 'signaturename'])
  easternField(input, 'signaturedatetime')
  const signaturename = input.text('signaturename') ?? ''
  if (signaturename.length > longestName) throw new ReplyError(invalidData('Invalid signaturename.'))
  const expires = dateField(input, 'expirationdate')
  const others = ['departmentid', 'reasonpatientunabletosign', 'signerrelationshiptopatientid'].flatMap((name) => {
    const text = input.text(name)
    return text === undefined ? [] : [[name, text] as const]
  })
  return {
    signaturename,
    signaturedatetime: input.text('signaturedatetime') ?? '',
    ...(expires !== undefined && { expirationdate: dateText(expires) }),
    ...Object.fromEntries(others),
  }
}

/** Signs the boxes named, or all when none is (inferred). */
function sign(context: RouteContext): Answer {
  const { input } = context
  const patient = insuredPatient(context)
  const signature = signatureOf(input)
  const named = privacyBoxes.filter((box) => input.text(box) !== undefined)
  const boxes = named.length === 0 ? privacyBoxes : named.filter((box) => input.flag(box))
  if (boxes.length > 0) verifyPrivacy(stateOf(context.practice), { patient, boxes, signature }, stampOf(context))
  return one({ success: true, patientid: String(patient) })
}

const path = '/patients/{patientid}/privacyinformationverified'

export const privacyVerificationRoutes: readonly Route[] = [
  { method: 'GET', path, handle: show },
  { method: 'POST', path, handle: orError(sign) },
]
