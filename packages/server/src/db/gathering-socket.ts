import { Socket } from 'node:net'

/**
 * A socket to the database that sends together what is written in one turn. The driver writes every statement by itself, and
 * sending is the dearest part of a small one: each time it wakes the other side.
 */
export function gatheringSocket(): Socket {
  const socket = new Socket()
  const write = socket.write.bind(socket)
  let isGathering = false
  const gather = (...given: Parameters<typeof write>): boolean => {
    if (!isGathering) {
      isGathering = true
      socket.cork()
      process.nextTick(() => {
        isGathering = false
        socket.uncork()
      })
    }
    return write(...given)
  }
  // Not before: connecting puts the socket's own way of writing back.
  socket.once('connect', () => Object.assign(socket, { write: gather }))
  return socket
}
