/**
 * Who did it: a part of Aegis itself (`system`, e.g. `sync`), the person at the command line (`operator`), a person of
 * the console (`user`), a program that calls us (`caller`), a patient's portal account (`patient`).
 */
export interface Actor {
  readonly kind: 'system' | 'operator' | 'user' | 'caller' | 'patient'
  /** An opaque id: letters, digits and `._:-`, up to 128. Never a name of a patient, an e-mail address or a patient id. */
  readonly id: string
}
