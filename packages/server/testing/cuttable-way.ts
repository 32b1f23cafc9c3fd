/** A way over TCP that can be cut as networks are: with resets, or silently, in one direction or both. */
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'

/** Where a way leads: a port of this machine, or a socket file. */
export type WayEnd = { readonly port: number } | { readonly path: string }

type Direction = 'there' | 'back'

/**
 * `reset`: what is open breaks with a reset, and nothing new can be opened. `silent`: what is sent in these directions does
 * not arrive and nobody is told; when the way is whole again it arrives `late`, or `never`, as behind a firewall that has
 * forgotten the connections that it carried. `late-or-closed` is late only for connections that were not given up meanwhile.
 */
export type Cut =
  | { readonly kind: 'reset' }
  | {
      readonly kind: 'silent'
      readonly directions: readonly Direction[]
      readonly arrives: 'late' | 'late-or-closed' | 'never'
    }

/** One connection that is carried, from both sides. */
class Carried {
  readonly #near: Socket
  readonly #far: Socket
  readonly #over: () => void
  #cut: (Cut & { kind: 'silent' }) | undefined
  /** What one side did and the other has not been told yet: bytes, or that it has ended. */
  readonly #held: Record<Direction, (Buffer | 'end')[]> = { there: [], back: [] }
  #isForgotten = false

  constructor(near: Socket, far: Socket, over: () => void) {
    this.#near = near
    this.#far = far
    this.#over = over
    this.#carry('there', near, far)
    this.#carry('back', far, near)
  }

  silence(cut: Cut & { kind: 'silent' }): void {
    this.#cut = cut
  }

  heal(): void {
    const cut = this.#cut
    this.#cut = undefined
    if (!cut) return
    this.#isForgotten = cut.arrives === 'never'
    // Given up by whoever opened it: what it had sent before may arrive all the same, or be taken back with a reset.
    if (cut.arrives === 'late-or-closed' && this.#near.destroyed) this.#held.there.length = 0
    if (this.#isForgotten) return
    this.#deliver('there', this.#far)
    this.#deliver('back', this.#near)
    if (this.#near.destroyed) this.#far.end()
    if (this.#far.destroyed) this.#near.end()
  }

  reset(): void {
    // Node cannot reset what is just ending: it would stay open, and this process never end.
    const isEnding = this.#near.writableEnded && !this.#near.writableFinished
    if (isEnding) this.#near.destroy()
    else this.#near.resetAndDestroy()
    this.#far.destroy()
    this.#over()
  }

  /** Goes away where it was forgotten: some time or other both sides notice. */
  bury(): void {
    if (this.#isForgotten) this.reset()
  }

  #carry(direction: Direction, from: Socket, to: Socket): void {
    from.on('data', (data) => this.#pass(direction, to, data))
    from.on('end', () => this.#pass(direction, to, 'end'))
    from.on('error', () => undefined)
    from.on('close', () => {
      if (this.#isForgotten || this.#cut) return
      to.destroy()
      this.#over()
    })
  }

  #pass(direction: Direction, to: Socket, what: Buffer | 'end'): void {
    if (this.#isForgotten) return
    if (this.#cut?.directions.includes(direction)) this.#held[direction].push(what)
    else send(to, what)
  }

  #deliver(direction: Direction, to: Socket): void {
    for (const what of this.#held[direction].splice(0)) send(to, what)
  }
}

function send(to: Socket, what: Buffer | 'end'): void {
  if (what === 'end') to.end()
  else to.write(what)
}

/** A way from a port of its own to `end`, whole until it is cut. */
export class CuttableWay {
  readonly port: number
  readonly #server: Server
  readonly #end: WayEnd
  readonly #carried = new Set<Carried>()
  readonly #near = new Set<Socket>()
  /** Came while the way was silent: nobody has answered. */
  readonly #unanswered = new Set<Socket>()
  #cut: Cut | undefined

  private constructor(server: Server, end: WayEnd) {
    this.#server = server
    this.#end = end
    // Listening: it has an address.
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (near) => this.#meet(near))
  }

  static async open(end: WayEnd): Promise<CuttableWay> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new CuttableWay(server, end)
  }

  cut(cut: Cut): void {
    for (const carried of this.#carried) carried.bury()
    this.#cut = cut
    for (const carried of this.#carried) {
      if (cut.kind === 'reset') carried.reset()
      else carried.silence(cut)
    }
  }

  heal(): void {
    const cut = this.#cut
    this.#cut = undefined
    for (const carried of this.#carried) carried.heal()
    // Whoever waits for a connection is told that there is none, or never hears anything.
    if (cut?.kind === 'silent' && cut.arrives !== 'never') for (const near of this.#unanswered) near.resetAndDestroy()
    this.#unanswered.clear()
  }

  /** Ends everything at once, also what was forgotten. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const carried of this.#carried) carried.reset()
    for (const near of this.#near) near.destroy()
    await closed
  }

  #meet(near: Socket): void {
    this.#near.add(near)
    near.on('error', () => undefined).on('close', () => this.#near.delete(near))
    if (this.#cut?.kind === 'reset') return void near.resetAndDestroy()
    if (this.#cut) return void this.#unanswered.add(near)
    const far = createConnection({ ...this.#end, allowHalfOpen: true })
    const carried: Carried = new Carried(near, far, () => this.#carried.delete(carried))
    this.#carried.add(carried)
  }
}
