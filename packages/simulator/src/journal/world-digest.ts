import type { Practice, PracticeEvent } from '../practice/practice.ts'

/** Start and factor of the 32-bit FNV-1a hash. */
const offsetBasis = 0x811c_9dc5
const prime = 0x0100_0193

/**
 * One number for all that ever changed in the practices: two worlds with the same one went through the same changes at
 * the same times, in the same order. It tells a world that was lived again from the one it should be.
 */
export class WorldDigest {
  #value = offsetBasis

  /** Every change of the practice counts from now on. */
  follow(practice: Practice): void {
    practice.onEvent((event) => this.#add(practice.id, event))
  }

  /** An unsigned 32-bit number. */
  get value(): number {
    return this.#value >>> 0
  }

  #add(practiceId: number, { feed, name, id, at }: PracticeEvent): void {
    const text = `${practiceId} ${feed} ${name} ${id} ${at}\n`
    let value = this.#value
    for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), prime)
    this.#value = value
  }
}
