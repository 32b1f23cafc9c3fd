import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port that the system has just given: it does not give it again at once. For those who all have to be told it beforehand. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a port has a number')
  return address.port
}
