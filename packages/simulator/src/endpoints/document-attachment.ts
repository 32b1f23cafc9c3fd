/** The file of an upload: raw or base64 in a multipart body, base64 in a form. */
import { createHash } from 'node:crypto'
import type { DocumentFile } from '../practice/document.ts'
import { ReplyError, type Input, type Part } from '../route.ts'
import { invalidData, refused } from '../server/reply.ts'

/** Larger files are refused. 20 MB is what athenahealth recommends; what it does beyond is not known. */
export const attachmentBytesMax = 20 * 1024 * 1024
/** Documented. */
const nameCharactersMax = 200

/** What a file is by its first bytes. */
const signatures: readonly (readonly [start: string, type: string])[] = [
  ['%PDF-', 'application/pdf'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF8', 'image/gif'],
  ['II*\0', 'image/tiff'],
  ['MM\0*', 'image/tiff'],
  ['<?xml', 'application/xml'],
]
/** Types that can be named: that there is a list is documented, which words are on it is not. */
const typesByName: Readonly<Record<string, string>> = {
  PDF: 'application/pdf',
  PNG: 'image/png',
  JPG: 'image/jpeg',
  JPEG: 'image/jpeg',
  GIF: 'image/gif',
  TIF: 'image/tiff',
  TIFF: 'image/tiff',
  XML: 'application/xml',
  HTML: 'text/html',
  TXT: 'text/plain',
}

export interface Attachment {
  readonly file: DocumentFile
  readonly bytes: Buffer
}

/** The file in `attachmentcontents`; undefined when there is none. 400 when it cannot be taken. */
export function attachmentOf(input: Input): Attachment | undefined {
  const named = namedType(input)
  const name = fileName(input)
  const bytes = attachmentBytes(input)
  if (bytes === undefined) return undefined
  if (bytes.length > attachmentBytesMax) throw tooLarge()
  const contentType = named ?? typeOf(bytes) ?? 'application/octet-stream'
  const digest = createHash('sha256').update(bytes).digest('hex')
  return { bytes, file: { contentType, digest, name, sizeBytes: bytes.length, pages: pagesIn(bytes, contentType) } }
}

function tooLarge(): ReplyError {
  return new ReplyError(invalidData('The attachmentcontents field is larger than 20 MB.'))
}

/** 400 with the documented public text for a type that is not on the list. */
function namedType(input: Input): string | undefined {
  const name = input.text('attachmenttype')
  if (name === undefined) return undefined
  const type = typesByName[name.toUpperCase()]
  if (type === undefined) throw new ReplyError(refused(400, 'Invalid attachment type id.'))
  return type
}

function fileName(input: Input): string | undefined {
  const name = input.text('originalfilename')
  if (name !== undefined && name.length > nameCharactersMax) {
    throw new ReplyError(invalidData('The originalfilename field is longer than 200 characters.'))
  }
  return name
}

function attachmentBytes(input: Input): Buffer | undefined {
  const part = input.part('attachmentcontents')
  if (part !== undefined) return part.bytes.length === 0 ? undefined : partBytes(part)
  const text = input.text('attachmentcontents')
  if (text === undefined) return undefined
  const decoded = decodeBase64(text)
  if (decoded === undefined) throw new ReplyError(invalidData('The attachmentcontents field is not valid base64.'))
  return decoded
}

/** A part is taken as it stands unless it says that it is base64, or is nothing but base64 of a file that is known. */
function partBytes({ bytes, transferEncoding }: Part): Buffer {
  if (transferEncoding !== 'base64' && typeOf(bytes) !== undefined) return bytes
  const decoded = decodeBase64(bytes.toString('latin1'))
  if (decoded === undefined) return bytes
  return transferEncoding === 'base64' || typeOf(decoded) !== undefined ? decoded : bytes
}

/**
 * The bytes of base64 text, undefined when it is none. A form that was not encoded turned every plus into a space, line
 * breaks do not count, and base64 that was percent-encoded once more is taken too (athenahealth advises it for images).
 */
function decodeBase64(text: string): Buffer | undefined {
  // A third more than its bytes, with its line breaks: longer texts need no look.
  if (text.length > attachmentBytesMax * 1.5) throw tooLarge()
  const plain = text
    .trim()
    .replaceAll(' ', '+')
    .replaceAll(/[\r\n]/g, '')
    .replaceAll(/%(2B|2F|3D)/gi, (escape) => decodeURIComponent(escape))
  const isBase64 = plain.length > 0 && plain.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(plain)
  return isBase64 ? Buffer.from(plain, 'base64') : undefined
}

function typeOf(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, 8)
  return signatures.find(([signature]) => start.startsWith(signature))?.[1]
}

/** Pages of a PDF are counted by their objects, which is right unless the file packs them; anything else is one page. */
function pagesIn(bytes: Buffer, contentType: string): number {
  if (contentType !== 'application/pdf') return 1
  return Math.max(1, bytes.toString('latin1').match(/\/Type\s*\/Page(?![a-z])/gi)?.length ?? 0)
}
