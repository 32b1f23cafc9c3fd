import type { PracticeState } from './practice-state.ts'

/**
 * A part of a practice that is made when it is first asked for, so that what nobody looks at costs nothing. What it is
 * made of must follow from the practice's seed and the time it was made, never from the moment of the first look: a
 * journal is lived through again in another order of looks.
 */
export function practicePart<T>(make: (state: PracticeState) => T): (state: PracticeState) => T {
  const parts = new WeakMap<PracticeState, { readonly part: T }>()
  return (state) => {
    let known = parts.get(state)
    if (known === undefined) {
      known = { part: make(state) }
      parts.set(state, known)
    }
    return known.part
  }
}
