/** In what athenahealth's practices differ, by rollout or by what they bought. */
export interface PracticeTraits {
  /**
   * What becomes of patients with restricted records. `hidden`, the default: they are found only with
   * `ignorerestrictions`, by id too. `filtered`, the newer behaviour that is rolled out practice by practice: they are
   * found like any other unless `confidentialitycode` leaves them out, and `ignorerestrictions` has no effect.
   */
  readonly restrictions: 'hidden' | 'filtered'
  /**
   * Departments belong to several provider groups, and a patient seen in more than one has a local copy in each: a GET of
   * the patient without department answers one array element for every copy. False by default.
   */
  readonly localCopies: boolean
  /** Name of the array in the answer of `GET /patients/search`, which is not documented; `patients` by default, a guess. */
  readonly patientSearchKey: string
}

export const defaultTraits: PracticeTraits = {
  restrictions: 'hidden',
  localCopies: false,
  patientSearchKey: 'patients',
}
