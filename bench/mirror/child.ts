import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** A question to a child process, and what it answers. */
export interface Question {
  readonly id: number
  readonly ask: string
  readonly input: unknown
}
export interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** A program of this folder in a process of its own, answering questions one after the other. */
export class Child {
  readonly pid: number
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #last = 0

  /** Starts `file` of this folder; `input` is what it is told first: an argument would be too long. Ends with this process. */
  constructor(file: string, input: unknown, execArgv: readonly string[] = []) {
    this.#process = fork(join(import.meta.dirname, file), { execArgv: [...process.execArgv, ...execArgv] })
    this.#process.send({ input })
    this.pid = this.#process.pid ?? 0
    this.#process.on('message', (message) => {
      const { id, value, error } = message as Reply // sent by `answerQuestions`
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(value)
      else waiting?.reject(new Error(`${file}: ${error}`))
    })
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${file} ended with ${code ?? signal}`))
      this.#waiting.clear()
    })
  }

  /** The caller says what the answer to its question is: both sides are programs of this folder. */
  ask<T>(ask: string, input: unknown = null): Promise<T> {
    const id = ++this.#last
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#process.send({ id, ask, input } satisfies Question)
    return waiting.promise as Promise<T>
  }

  /** Lets the program end by itself, or ends it as the kernel would. */
  async stop(signal?: 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = new Promise((resolve) => this.#process.once('exit', resolve))
    if (signal === undefined) this.#process.disconnect()
    else this.#process.kill(signal)
    await exited
  }
}

/** In the child: what the parent gave it. The caller says what that is: both sides are programs of this folder. */
export function inputOf<T>(): Promise<T> {
  return new Promise((resolve) => process.once('message', (message: { input: T }) => resolve(message.input)))
}

/** In the child: answers each question by its handler until the parent goes; then `stop`. */
export function answerQuestions(
  handlers: Readonly<Record<string, (input: never) => unknown>>,
  stop: () => Promise<void>,
): void {
  process.on('message', (message) => {
    const { id, ask, input } = message as Question // sent by `Child.ask`
    void Promise.resolve()
      .then(() => handlers[ask]?.(input as never)) // each handler knows what it is asked with
      .then((value) => process.send?.({ id, value } satisfies Reply))
      .catch((error: unknown) => process.send?.({ id, error: String(error) } satisfies Reply))
  })
  process.on('disconnect', () => void stop().finally(() => process.exit(0)))
}
