import { AthenaError } from '../athena-error.ts'
import { encodePairs, type Params } from '../call/params.ts'
import { randomId } from '../random.ts'
import { type Content, content, type ContentEncoding, type FileValue, isFile, type UploadForm } from './content.ts'
import { base64Encoder, chainEncoders, type Encoder, identityEncoder, percentEncoder } from './encoder.ts'
import { type BodyParts, type OutgoingBody, outgoingBody } from './outgoing-body.ts'

/** A form with a file in it, ready to be sent. */
export interface Upload {
  readonly contentType: string
  /** The parameters that are no file, as a form: for whoever must know whom a call is about before it is sent. */
  readonly fields: string
  /** Whether it can be sent, or sent again. */
  readonly sendable: boolean
  open(): OutgoingBody
}

/** Whether a form has a file in it. */
export function hasFile(form: Params): boolean {
  return Object.values(form).some(isFile)
}

/**
 * The endpoints whose description asks for multipart. The class-specific ones and the images ask for base64, and are sent
 * it in a form, as programs known to be at work do.
 */
const multipartRoutes = new Set([
  '/patients/{patientid}/documents',
  '/patients/{patientid}/receipts/{epaymentid}/signed',
])

/** How an endpoint's upload is built unless the caller says otherwise. */
export function uploadFormOf(route: string): UploadForm {
  return multipartRoutes.has(route) ? 'multipart' : 'urlencoded'
}

/**
 * Makes an upload of a form with one file. Throws `upload-too-large` where the size is known and over the limit, and
 * `invalid-argument` for more than one file, an empty one, or an encoding the body cannot carry; nothing has been sent.
 */
export function makeUpload(form: Params, formDefault: UploadForm): Upload {
  const files = Object.entries(form).flatMap(([name, value]) => (isFile(value) ? [[name, value] as const] : []))
  const [file] = files
  if (!file || files.length > 1) throw invalid('form', 'one call carries one file')
  const [field, value] = file
  const sent = contentOf(value)
  checkKnownSize(field, sent)
  const pairs = encodePairs(Object.fromEntries(Object.entries(form).filter(([name]) => name !== field)))
  const make = (sent.uploadForm ?? formDefault) === 'multipart' ? multipartBody : urlencodedBody
  const { contentType, parts } = make({ field, content: sent, pairs })
  return {
    contentType,
    fields: new URLSearchParams(pairs).toString(),
    get sendable() {
      return sent.sendable
    },
    open: () => outgoingBody(parts()),
  }
}

function contentOf(value: FileValue): Content {
  return value instanceof Uint8Array || value instanceof Blob ? content(value) : value
}

function checkKnownSize(field: string, { sizeBytes, bytesMax, sendable }: Content): void {
  if (sizeBytes === 0) throw invalid(field, `${field} is empty`)
  if (!sendable) throw invalid(field, `${field} is a stream that was sent before; give a new one`)
  if (sizeBytes === undefined || sizeBytes <= bytesMax) return
  const hint = `${field} has ${sizeBytes} bytes; at most ${bytesMax}`
  throw new AthenaError('upload-too-large', { invalidFields: [field], hint })
}

interface Input {
  readonly field: string
  readonly content: Content
  readonly pairs: readonly (readonly [name: string, text: string])[]
}

interface Made {
  readonly contentType: string
  /** For one attempt: encoders keep what they have not yet given. */
  readonly parts: () => BodyParts
}

/**
 * A form. The content stands first: should a form that was cut short be taken for a whole one, it lacks the parameters
 * athenahealth requires.
 */
function urlencodedBody({ field, content: sent, pairs }: Input): Made {
  const { encoding = 'base64' } = sent
  if (encoding === 'raw') throw invalid(field, `${field} cannot be sent raw in a form; use base64 or multipart`)
  const rest = new URLSearchParams(pairs.map(([name, text]) => [name, text])).toString()
  const before = bytesOf(new URLSearchParams([[field, '']]).toString())
  const after = bytesOf(rest === '' ? '' : `&${rest}`)
  const encoder = () => chainEncoders([encoderOf(encoding), percentEncoder()])
  const bytes = once(() => totalOf([before, after], measured(sent, encoder)))
  return {
    contentType: 'application/x-www-form-urlencoded',
    parts: () => ({ field, content: sent, before, after, encoder: encoder(), bytes: bytes() }),
  }
}

/** A multipart body (RFC 7578), the content last and as it is. */
function multipartBody({ field, content: sent, pairs }: Input): Made {
  const { encoding = 'raw' } = sent
  const boundary = `aegis-${randomId()}`
  const open = (name: string) => `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"`
  const fields = pairs.map(([name, text]) => `${open(name)}\r\n\r\n${text}\r\n`).join('')
  const head = `${open(field)}; filename="${quoted(sent.filename)}"\r\ncontent-type: ${sent.type}\r\n\r\n`
  const before = bytesOf(fields + head)
  const after = bytesOf(`\r\n--${boundary}--\r\n`)
  const encoder = () => encoderOf(encoding)
  const bytes = once(() => totalOf([before, after], lengthOf(sent, encoding) ?? measured(sent, encoder)))
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    parts: () => ({ field, content: sent, before, after, encoder: encoder(), bytes: bytes() }),
  }
}

function encoderOf(encoding: ContentEncoding): Encoder {
  if (encoding === 'raw') return identityEncoder()
  return encoding === 'base64' ? base64Encoder() : chainEncoders([base64Encoder(), percentEncoder()])
}

/** What a content of a known size becomes, where that does not depend on its bytes. */
function lengthOf({ sizeBytes }: Content, encoding: ContentEncoding): number | undefined {
  if (sizeBytes === undefined || encoding === 'base64-percent') return undefined
  return encoding === 'raw' ? sizeBytes : Math.ceil(sizeBytes / 3) * 4
}

/** What bytes in memory become, found by encoding them once for nothing: dearer than sending a length is worth otherwise. */
function measured({ inMemory }: Content, encoder: () => Encoder): number | undefined {
  if (!inMemory) return undefined
  const measuring = encoder()
  let bytes = 0
  for (let at = 0; at < inMemory.byteLength; at += MEASURED_BYTES) {
    bytes += measuring.push(inMemory.subarray(at, at + MEASURED_BYTES)).byteLength
  }
  return bytes + measuring.end().byteLength
}

const MEASURED_BYTES = 48 * 1024

function totalOf(around: readonly Uint8Array[], content: number | undefined): number | undefined {
  return content === undefined ? undefined : around.reduce((sum, { byteLength }) => sum + byteLength, content)
}

/** Names between quotes, as browsers write them (the WHATWG HTML standard, "multipart/form-data"). */
function quoted(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function invalid(field: string, hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: [field], hint })
}
