/** What a merge of patients means for their charts: everything moves to the survivor, and the feeds tell of each piece. */
import { announceMergedAllergies } from './allergy-changes.ts'
import { announceMergedMedications } from './medication-changes.ts'
import type { PracticeState } from './practice-state.ts'
import { announceMergedProblems } from './problem-changes.ts'

/**
 * Announces what the survivor's chart and account gained. Nothing is moved: entries stay with the patient they were
 * written for and are read with the survivor's.
 */
export function announceMergedCharts(state: PracticeState, from: number, into: number): void {
  announceMergedProblems(state, from, into)
  announceMergedMedications(state, from, into)
  announceMergedAllergies(state, from, into)
}
