import { inspect } from 'node:util'

/**
 * A text that must not be seen: printing, inspecting, copying or turning it into JSON gives `[redacted]` or nothing.
 * Only `reveal()` gives it away, so a search for that word finds every use.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect.custom](): string {
    return '[redacted]'
  }
}
