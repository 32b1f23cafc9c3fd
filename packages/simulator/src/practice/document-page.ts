/** The pages of a document: the file that was uploaded, or a made-up scan where the seed says that there is one. */
import { crc32, deflateSync } from 'node:zlib'
import { documentsOf } from './document-store.ts'
import type { Document, DocumentFile } from './document.ts'
import type { PracticeState } from './practice-state.ts'

export interface Page {
  /** Number within its document; what it is elsewhere is not known. */
  readonly id: number
  /** Counted from 1. */
  readonly ordering: number
  readonly contentType: string
}

/** Most pages of one document, and room for their ids. */
const pagesMax = 1000
/** Ids of pages repeat after so many documents, to stay within 32 bits. */
const idsApart = 1_000_000

/** What was scanned, faxed or uploaded has pages; what was written at a screen has none. */
function isScanned({ file, source, text }: Document): boolean {
  return file === undefined && source === 'UPLOAD' && text === undefined
}

export function pageCount(document: Document): number {
  if (document.file !== undefined) return Math.min(document.file.pages, pagesMax)
  return isScanned(document) ? 1 : 0
}

export function pagesOf(document: Document): Page[] {
  const contentType = document.file?.contentType ?? 'image/png'
  return Array.from({ length: pageCount(document) }, (_, index) => ({
    id: ((document.id % idsApart) + 1) * pagesMax + index + 1,
    ordering: index + 1,
    contentType,
  }))
}

export interface FileBytes {
  readonly type: string
  readonly bytes: Buffer
}

/** The file as it was uploaded; undefined when there was none. */
export function originalOf(state: PracticeState, { file }: Document): FileBytes | undefined {
  const bytes = file === undefined ? undefined : documentsOf(state).files.get(file.digest)
  return file === undefined || bytes === undefined ? undefined : { type: file.contentType, bytes }
}

/**
 * One page. athenahealth makes images of pages; the simulator does not, and answers the whole file. A document of the
 * past is a blank sheet.
 */
export function pageOf(state: PracticeState, document: Document, pageId: number): FileBytes | undefined {
  if (!pagesOf(document).some(({ id }) => id === pageId)) return undefined
  return originalOf(state, document) ?? { type: 'image/png', bytes: blankSheet() }
}

/** Takes in the bytes of a file for a document that is filed next. */
export function keepFile(state: PracticeState, file: DocumentFile, bytes: Buffer): void {
  documentsOf(state).files.set(file.digest, bytes)
}

/** A white sheet of letter paper at 50 dots an inch, as a PNG of one bit a dot. */
function blankSheet(): Buffer {
  const [width, height] = [425, 550]
  const rowBytes = 1 + Math.ceil(width / 8)
  const rows = Buffer.alloc(rowBytes * height, 0xff)
  // Every row begins with its filter: none.
  for (let row = 0; row < height; row += 1) rows[row * rowBytes] = 0
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(named), 4)
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)])
}
