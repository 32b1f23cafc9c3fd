import type { Socket } from 'node:net'
import type { Clock } from '../clock/clock.ts'

/** The sockets of a pool, to be ended when nobody at their other end answers any more. */
export class HeldSockets {
  readonly #open = new Set<Socket>()
  #isOver = false

  hold(socket: Socket): Socket {
    if (this.#isOver) {
      // The driver is about to connect it.
      process.nextTick(() => socket.destroy())
      return socket
    }
    this.#open.add(socket)
    return socket.once('close', () => this.#open.delete(socket))
  }

  /** Resolves when all are closed. Those at whose other end nobody takes leave are ended after `ms`. */
  async closedWithin(ms: number, clock: Pick<Clock, 'timer'>): Promise<void> {
    const late = clock.timer(ms, () => this.end())
    await Promise.all([...this.#open].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    late.cancel()
  }

  /** Ends all of them at once, and those that are still to come. */
  end(): void {
    this.#isOver = true
    for (const socket of this.#open) socket.destroy()
  }
}
