import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAegis } from '../testing/run-aegis.ts'
import { sampleReport } from '../testing/sample-report.ts'
import { stubInstance } from '../testing/stub-instance.ts'

test('what an instance is asked goes to it, and not to a proxy that Node is told to use', async (context) => {
  const cwd = mkdtempSync(join(tmpdir(), 'proxy-'))
  const instance = await stubInstance(join(cwd, '.aegis'), { 'GET /aegis/v1/status': [200, sampleReport()] })
  const seen: string[] = []
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    response.writeHead(502, { connection: 'close' }).end('{}')
  }).on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  context.after(async () => {
    await instance.close()
    proxy.close()
    rmSync(cwd, { recursive: true, force: true })
  })
  const bound = proxy.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: '' }
  for (const command of ['status', 'doctor']) await runAegis([command, '--json'], { cwd, env }).ended
  assert.deepEqual(seen, [])
  assert.deepEqual(instance.asked, ['GET /aegis/v1/status', 'GET /aegis/v1/status'])
})
