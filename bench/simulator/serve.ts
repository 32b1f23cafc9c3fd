/** The server under test in a process of its own: `simulator PATIENTS` or `baseline`. Ends when its parent does. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startSimulator } from '@aegis/simulator'

/** What the parent is told: once when the server listens, and again for each message it sends. */
export interface ServerReport {
  readonly url: string
  readonly loadMs: number
  readonly rssBytes: number
  /** CPU time of the process so far, user and system. */
  readonly cpuMs: number
}

const startedAt = performance.now()
const [kind, patients] = process.argv.slice(2)
const url = kind === 'simulator' ? await serveSimulator(Number(patients)) : await serveBaseline()
const loadMs = performance.now() - startedAt

function report(): void {
  const { user, system } = process.cpuUsage()
  const rssBytes = process.memoryUsage().rss
  process.send?.({ url, loadMs, rssBytes, cpuMs: (user + system) / 1000 } satisfies ServerReport)
}
process.on('message', report)
process.on('disconnect', () => process.exit(0))
report()

/** Limiter and truth log are on, with limits no generator reaches. */
async function serveSimulator(count: number): Promise<string> {
  const simulator = await startSimulator({
    practices: [{ id: 195900, patients: count, restrictions: 'filtered' }],
    limits: { perSecond: 1_000_000, perDay: 1_000_000_000, tokensPerMinute: 1000 },
    activationLagMs: 0,
  })
  return simulator.url
}

/** A bare `node:http` server with a fixed JSON answer of 650 bytes: what Node itself can do here. */
async function serveBaseline(): Promise<string> {
  const body = JSON.stringify({ filler: 'x'.repeat(650 - '{"filler":""}'.length) })
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length })
    response.end(body)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  // A server that listens on a TCP port has an address object.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
