/**
 * One section of every patient's chart. Until it is first changed it is what the seed says, worked out anew for each
 * look, so that a million charts nobody opens cost nothing; from then on it is kept.
 */
export class ChartSection<S> {
  readonly #seeded: (patient: number) => S
  readonly #changed = new Map<number, S>()

  /** `seeded` must be a pure function of the patient: every look gets a section of its own. */
  constructor(seeded: (patient: number) => S) {
    this.#seeded = seeded
  }

  /** The section as it stands, to be read only. */
  read(patient: number): S {
    return this.#changed.get(patient) ?? this.#seeded(patient)
  }

  /** The section as the seed tells it, whatever was changed since; a copy of its own. */
  seeded(patient: number): S {
    return this.#seeded(patient)
  }

  /** The section to be changed in place; call it only when nothing can be refused any more. */
  open(patient: number): S {
    const known = this.#changed.get(patient)
    if (known !== undefined) return known
    const opened = this.#seeded(patient)
    this.#changed.set(patient, opened)
    return opened
  }
}

/** A note on a whole section, and who wrote it when. */
export interface SectionNote {
  text: string
  /** Epoch ms, undefined when never written. */
  modifiedAt: number | undefined
  modifiedBy: string
}

export function emptyNote(): SectionNote {
  return { text: '', modifiedAt: undefined, modifiedBy: '' }
}

/** Who last changed an entry, and when (epoch ms). */
export interface Authored {
  readonly createdAt: number
  readonly createdBy: string
  modifiedAt: number
  modifiedBy: string
}
