import { memoryUsage } from 'node:process'
import { content } from '../src/upload/content.ts'
import { createAthenaClient } from '../src/athena-client.ts'

/*
 * Uploads a generated file to a server and prints how many bytes it held meanwhile, so that a test can run it in a process
 * of its own, with --expose-gc: base URL, megabytes, `multipart` or `urlencoded`. Not a test of its own.
 */

const MIB = 1024 * 1024
const PIECE_BYTES = 64 * 1024

const [baseUrl = '', mebibytes = '', uploadForm = ''] = process.argv.slice(2)
const { gc } = globalThis
if (!gc) throw new Error('run with --expose-gc')

/** Bytes that can still be reached, on the heap and in buffers outside it. */
function heldBytes(): number {
  gc?.()
  const { arrayBuffers, heapUsed } = memoryUsage()
  return arrayBuffers + heapUsed
}

let most = 0
const before = heldBytes()

async function* file(): AsyncGenerator<Uint8Array> {
  const pieces = (Number(mebibytes) * MIB) / PIECE_BYTES
  for (let index = 0; index < pieces; index += 1) {
    yield new Uint8Array(PIECE_BYTES).fill(index)
    if (index % 64 === 63) most = Math.max(most, heldBytes() - before)
  }
}

const practice = createAthenaClient({
  environment: 'local',
  baseUrl,
  credential: { clientId: 'client', secret: 'secret' },
}).practice(195_900)
const sent = content(() => file(), { bytesMax: Number.MAX_SAFE_INTEGER })
const form = { documentsubclass: 'ADMIN_CONSENT', departmentid: 1, attachmentcontents: sent }
if (uploadForm === 'multipart') await practice.patients.documents.upload(7, form)
else await practice.patients.documents.admin.upload(7, form)
process.stdout.write(String(most))
