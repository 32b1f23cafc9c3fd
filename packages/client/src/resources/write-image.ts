import { AthenaError } from '../athena-error.ts'
import { Content, content, isFile } from '../upload/content.ts'
import type { LooseRequest } from '../request/endpoint-request.ts'

/**
 * Sends an image as Base64 and, where athenahealth refuses it, once more with the Base64 percent-encoded: its own advice for
 * images that fail. What was refused was not stored, so nothing can be done twice. The second way is not tried where a
 * field is missing or another one wrong, where the image is a stream that has been sent, or where the caller chose an
 * encoding. When the second is refused too, the error is the first one's.
 */
export async function writeImage<T>(request: LooseRequest, send: (request: LooseRequest) => Promise<T>): Promise<T> {
  try {
    return await send(request)
  } catch (refusal) {
    const image = isOfTheImage(refusal) ? percentEncoded(request.form?.['image']) : undefined
    if (image === undefined) throw refusal
    try {
      return await send({ ...request, form: { ...request.form, image } })
    } catch (error) {
      throw isOfTheImage(error) ? refusal : error
    }
  }
}

/** Whether a refusal may have been for how the image was written. */
function isOfTheImage(error: unknown): boolean {
  if (!(error instanceof AthenaError) || error.executed !== 'no') return false
  if (error.code !== 'rejected' && error.code !== 'invalid-request') return false
  return error.missingFields.length === 0 && error.invalidFields.every((field) => field === 'image')
}

/** The image in the second way; undefined where there is none. */
function percentEncoded(image: unknown): string | Content | undefined {
  if (typeof image === 'string') return encodeURIComponent(image)
  if (!isFile(image)) return undefined
  const sent = image instanceof Content ? image : content(image)
  return sent.encoding === undefined ? sent.encodedAs('base64-percent') : undefined
}
