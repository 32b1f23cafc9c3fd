import { open, stat } from 'node:fs/promises'
import { AthenaError } from './athena-error.ts'
import { type Content, content, type ContentOptions } from './upload/content.ts'

const PIECE_BYTES = 64 * 1024

/**
 * A file on this machine as a content to upload (Node and runtimes that have `node:fs`). Its size is looked up now, so
 * that one too large is refused before anything is sent; it is opened when it is sent, read piece by piece, and opened
 * anew should the call be repeated. `content-unreadable` when there is no such file; the error's `cause` says why.
 */
export async function fileContent(
  path: string | URL,
  options: Omit<ContentOptions, 'sizeBytes'> = {},
): Promise<Content> {
  return content(() => piecesOf(path), { ...options, sizeBytes: await sizeOf(path) })
}

async function sizeOf(path: string | URL): Promise<number> {
  try {
    const found = await stat(path)
    if (found.isFile()) return found.size
  } catch (cause) {
    throw new AthenaError('content-unreadable', { hint: 'the file cannot be opened; see cause', cause })
  }
  throw new AthenaError('content-unreadable', { hint: 'the path is no file' })
}

async function* piecesOf(path: string | URL): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  try {
    while (true) {
      // A new buffer a piece: the one before may still be on its way.
      const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE_BYTES))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
