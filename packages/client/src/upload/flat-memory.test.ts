import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'node:test'
import { testServer } from '../../testing/test-server.ts'

const MIB = 1024 * 1024
// The tests are also compiled, for older versions of Node: then the program is JavaScript as well.
const extension = import.meta.url.slice(-3)
const program = fileURLToPath(new URL(`../../testing/upload-and-measure${extension}`, import.meta.url))

for (const uploadForm of ['multipart', 'urlencoded']) {
  test(`an upload of 96 MB, ${uploadForm}, holds a few pieces of it at a time`, async () => {
    let arrived = 0
    await using server = await testServer((request, response) => {
      request.on('data', (piece: Buffer) => {
        arrived += piece.byteLength
      })
      request.on('end', () => response.end('{"documentid":"1"}'))
    })
    const args = ['--expose-gc', program, server.baseUrl, '96', uploadForm]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    assert.ok(arrived > 96 * MIB)
    assert.ok(Number(stdout) < 24 * MIB, `${(Number(stdout) / MIB).toFixed(1)} MiB were held`)
  })
}
