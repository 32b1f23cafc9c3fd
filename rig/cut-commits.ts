import { renameSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

/** How the connection of a commit was cut: before the server had it, or after, so that it stands and nobody is told. */
export interface Cuts {
  before: number
  after: number
}

/** A simple query of the protocol that commits: its letter, its length, its text. */
const commitMessage = Buffer.from('Q\0\0\0\vcommit\0', 'latin1')

/**
 * Puts itself between the programs that connect to a socket and PostgreSQL behind it, and cuts the connections of the
 * commits that `decide` names. Whoever is connected already is not seen. Ends with `close`, which cuts all it carries.
 */
export async function cutCommits(
  socketDirectory: string,
  decide: () => 'before' | 'after' | undefined,
): Promise<{ readonly cuts: Cuts; close(): Promise<void> }> {
  const path = join(socketDirectory, '.s.PGSQL.5432')
  const behind = `${path}.behind`
  const cuts: Cuts = { before: 0, after: 0 }
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = createConnection(behind)
    const end = () => {
      near.destroy()
      far.destroy()
      open.delete(near)
    }
    open.add(near)
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    far.on('data', (data) => near.write(data))
    near.on('data', (data) => {
      const cut = data.includes(commitMessage) ? decide() : undefined
      if (cut !== undefined) cuts[cut] += 1
      if (cut === 'before') return end()
      far.write(data)
      // The server's answer means that it has committed; it goes no further.
      if (cut === 'after') far.removeAllListeners('data').once('data', end)
    })
  })
  renameSync(path, behind)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    cuts,
    async close() {
      // Listening ends at once and takes its file with it.
      const closed = new Promise((resolve) => server.close(resolve))
      renameSync(behind, path)
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
