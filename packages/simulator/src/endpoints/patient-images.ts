/** Pictures: patients' photos, driver's licenses and insurance cards. */
import { stateOf } from '../practice/create-practice.ts'
import { dropImage, keepImage, type ImageChange } from '../practice/image-changes.ts'
import { imageOf, plainBase64 } from '../practice/patient-images.ts'
import { insurancesOf } from '../practice/patient-insurances.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, notFound, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { insuredPatient } from './patient-insurances.ts'
import { pathNumber, requireFields, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>
/** Which picture a request is about; 404 for a patient or an insurance there is none of. */
type Find = (context: RouteContext) => ImageChange

const ofPatient =
  (kind: 'photo' | 'driverslicense'): Find =>
  (context) => {
    const patient = insuredPatient(context)
    return { kind, owner: String(patient), patient }
  }

const ofInsurance: Find = (context) => {
  const patient = insuredPatient(context)
  const owner = String(pathNumber(context, 'insuranceid'))
  if (!insurancesOf(stateOf(context.practice), patient).some(({ id }) => id === owner)) {
    throw new Refusal('unknown_insurance')
  }
  return { kind: 'insurancecard', owner, patient }
}

/** The picture as base64 text in JSON, or itself for who asks so by the field or the `Accept` header (documented). */
function show(context: RouteContext, find: Find): Answer {
  const image = imageOf(stateOf(context.practice), find(context))
  if (image === undefined) throw new ReplyError(notFound('The image does not exist.'))
  const asItself = context.input.flag('jpegoutput') || /\bimage\/jpeg\b/i.test(context.accept ?? '')
  if (!asItself) return ok({ image })
  return { status: 200, body: undefined, content: { type: 'image/jpeg', bytes: Buffer.from(image, 'base64') } }
}

/** The picture sent: as it is in a part with a file, else as base64 (documented). 400 when it is neither. */
function sentImage(input: Input): string {
  const part = input.part('image')
  if (part !== undefined && isFile(part)) return part.bytes.toString('base64')
  requireFields(input, ['image'])
  const image = plainBase64(input.text('image') ?? '')
  if (image === undefined) throw new ReplyError(invalidData('Invalid image.'))
  return image
}

type SentPart = NonNullable<ReturnType<Input['part']>>

function isFile({ fileName, contentType, transferEncoding }: SentPart): boolean {
  return (fileName !== undefined || contentType !== undefined) && transferEncoding !== 'base64'
}

function put(context: RouteContext, find: Find): Answer {
  const change = { ...find(context), image: sentImage(context.input) }
  keepImage(stateOf(context.practice), change, stampOf(context))
  return success()
}

function remove(context: RouteContext, find: Find): Answer {
  dropImage(stateOf(context.practice), find(context), stampOf(context))
  return success()
}

/** Reading, putting (POST and PUT do the same, as documented) and taking away a picture. */
function imageRoutes(path: string, find: Find): Route[] {
  return [
    { method: 'GET', path, handle: orError((context) => show(context, find)) },
    { method: 'POST', path, handle: orError((context) => put(context, find)) },
    { method: 'PUT', path, handle: orError((context) => put(context, find)) },
    { method: 'DELETE', path, handle: orError((context) => remove(context, find)) },
  ]
}

export const patientImageRoutes: readonly Route[] = [
  ...imageRoutes('/patients/{patientid}/photo', ofPatient('photo')),
  // The simulator scales nothing: the thumbnail is the photo, written as well as read.
  ...imageRoutes('/patients/{patientid}/photo/thumbnail', ofPatient('photo')),
  ...imageRoutes('/patients/{patientid}/driverslicense', ofPatient('driverslicense')),
  ...imageRoutes('/patients/{patientid}/insurances/{insuranceid}/image', ofInsurance),
]
