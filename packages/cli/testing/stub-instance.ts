import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { homeAt, lockHome, prepareHome } from '@aegis/server'

/** What a stub answers to one route: a status and a body. */
export type StubAnswer = readonly [status: number, body: unknown]

/** A listener in the place of an instance, found by the file in its home. */
export interface StubInstance {
  /** `POST /path body` of every request that carried the token. */
  readonly asked: string[]
  readonly answers: Map<string, StubAnswer>
  /** As kill -9 does, but that somebody else listens at the port at once: the same answers, without the lock of the home. */
  loseHome(): void
  close(): Promise<void>
}

const token = 'stub'.repeat(11)

/** Answers as told, at a free port, holds the lock of `home` and writes its instance file. */
export async function stubInstance(home: string, answers: Readonly<Record<string, StubAnswer>>): Promise<StubInstance> {
  const asked: string[] = []
  const told = new Map(Object.entries(answers))
  const answer = async (request: IncomingMessage): Promise<StubAnswer> => {
    const body = await text(request)
    if (request.headers.authorization !== `Bearer ${token}`) return [401, { title: 'no token' }]
    const route = `${request.method} ${request.url}`
    asked.push(body ? `${route} ${body}` : route)
    return told.get(route) ?? [404, { title: 'nothing here' }]
  }
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => response.writeHead(status, { connection: 'close' }).end(JSON.stringify(body)),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const instance = { url: `http://127.0.0.1:${port}`, token, pid: 4711, startedAt: '', version: '0.1.0' }
  const lock = lockHome(prepareHome(home))
  writeFileSync(join(homeAt(home).run, 'instance.json'), JSON.stringify(instance), { mode: 0o600 })
  return {
    asked,
    answers: told,
    loseHome: () => lock.release(),
    async close() {
      lock.release()
      server.close()
      await once(server, 'close')
    },
  }
}
