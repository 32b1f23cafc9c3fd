import type { PlantedBug } from './planted-bugs.ts'

const sync = 'packages/server/src/sync'

/**
 * Bugs about what is not shown: records of a patient who was hidden at first, what only a read by id shows of a document, and what
 * is of a department that is not mirrored; when it is told that nothing is found; and what a merge leaves
 * that nobody told was undone.
 */
export const plantedHidingBugs: readonly PlantedBug[] = [
  {
    name: 'claims that were read while their patient was hidden are not asked for when the patient is shown',
    file: `${sync}/apply-inbox.ts`,
    find: `if (!isAskedByPatient(feed) || (state !== 'snapshot' && state !== 'live')) return false`,
    replace: `if (state !== 'new' || isAskedByPatient(feed)) return false`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`, 'seeds 1 200237'],
  },
  {
    name: 'a first look at all patients has the claims of each of them asked for',
    file: `${sync}/apply-inbox.ts`,
    find: `other.feed === 'patients' && other.provisional_at !== null`,
    replace: `other.feed === 'patients'`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`],
  },
  {
    name: 'no claims are an answer, also of a patient who is hidden again',
    file: `${sync}/refetch-records.ts`,
    find: `if (isEmptyList(page)) return seen`,
    replace: `if (isEmptyList(page)) return 'shown'`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`],
  },
  {
    name: 'that a patient has no claims is believed at once, though their list may lag behind',
    file: `${sync}/refetch-records.ts`,
    find: `(!page || isEmptyList(page))`,
    replace: `!page`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`],
  },
  {
    name: 'claims of a patient that one page does not hold keep all claims waiting for the night',
    file: `${sync}/is-of-the-record.ts`,
    find: ` || isAegisError(error, 'policy.off-hours')`,
    replace: ``,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`],
  },
  {
    name: 'a merge that nobody told of stays unknown though claims asked of its former patient are the survivor’s',
    file: `${sync}/refetch-records.ts`,
    find: `(await sight.anew(wanted)) === 'hidden'`,
    replace: `wanted.key === ''`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`],
  },
  {
    name: 'claims that come as another patient’s are asked for again and again though their own patient is withheld',
    file: `${sync}/refetch-records.ts`,
    find: `(await sight.anew(wanted)) === 'hidden'`,
    replace: `(await sight.anew(wanted)) === undefined`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`],
  },
  {
    name: 'that nothing is found is told at once of what was wished for, or missed, before an outage',
    file: 'packages/server/migrations/0135_sync_nothing_found_since.sql',
    find: `coalesce(r.nothing_found_since, r.missing_since, r.wished_at)`,
    replace: `coalesce(r.missing_since, r.wished_at)`,
    caughtBy: [`${sync}/missing-records.pg.test.ts`],
  },
  {
    name: 'the values of a laboratory result come without a word in its history',
    file: 'packages/server/src/records/compare-record.ts',
    find: `shape === 'get' && feedTells === 'id'`,
    replace: `shape === 'get' && feedTells === 'record'`,
    caughtBy: ['packages/server/src/records/compare-record.test.ts', `${sync}/further-feeds.pg.test.ts`],
  },
  {
    name: 'lists of the whole practice: a snapshot reads departments that are not mirrored',
    file: `${sync}/feed-departments.ts`,
    find: `  return only ? all.filter((id) => only.includes(id)) : all\n`,
    replace: `  return only ? all : all\n`,
    caughtBy: [`${sync}/departments.pg.test.ts`, 'seeds 1 300001'],
  },
  {
    name: 'claims that are wished for anew between two looks count as looked for twice',
    file: `${sync}/refetch-records.ts`,
    find: `patient === 'hidden' || (page !== undefined && isEmptyList(page))`,
    replace: `patient === 'hidden'`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`],
  },
  {
    name: 'whom a patient had been merged into keeps what came along when the patient is told to be merged into another one',
    file: 'packages/server/src/records/apply-merges.ts',
    find: `left === undefined || left === survivor.key`,
    replace: `left !== 'another'`,
    caughtBy: [`${sync}/undone-merges.pg.test.ts`, 'seeds 1 1300036'],
  },
  {
    name: 'a body of a survivor that was held before merges once more whom athenahealth has shown since',
    file: 'packages/server/src/records/apply-merges.ts',
    find: `if (isOld && input.source !== 'refetch' &&`,
    replace: `if (isOld && input.source === undefined &&`,
    caughtBy: ['packages/server/src/records/ended-merges.pg.test.ts'],
  },
  {
    name: 'a page tells of a merge by a body of the survivor that another one behind it has replaced',
    file: 'packages/server/src/records/apply-merges.ts',
    find: `if (!before && named.size === 0) return`,
    replace: `if (named.size === 0) return`,
    caughtBy: ['packages/server/src/records/ended-merges.pg.test.ts'],
  },
  {
    name: 'a merge is missed where bodies of its survivor come in the wrong order in one page',
    file: 'packages/server/src/records/apply-merges.ts',
    find: `if (isUnsure) wishes.push`,
    replace: `if (isUnsure && isOld) wishes.push`,
    caughtBy: ['packages/server/src/records/ended-merges.pg.test.ts'],
  },
  {
    name: 'of two survivors of a patient in a page one that was told of earlier counts as told first',
    file: 'packages/server/src/records/apply-merges.ts',
    find: `  told.delete(key)\n`,
    replace: ``,
    caughtBy: ['packages/server/src/records/ended-merges.pg.test.ts'],
  },
  {
    name: 'whom a patient had been merged into keeps what came along when the merge is undone and the patient deleted at once',
    file: 'packages/server/src/records/apply-merges.ts',
    find: `what === 'restored' || what === 'deleted' ||`,
    replace: `what === 'restored' ||`,
    caughtBy: ['packages/server/src/records/ended-merges.pg.test.ts', `${sync}/undone-merges.pg.test.ts`],
  },
  {
    name: 'a patient who is shown as deleted under an id that is merged still is merged no more until the survivor is told of',
    file: 'packages/server/src/records/apply-merges.ts',
    find: `if (change.what === 'deleted')`,
    replace: `if (change.what === 'merged')`,
    caughtBy: ['packages/server/src/records/ended-merges.pg.test.ts', `${sync}/undone-merges.pg.test.ts`],
  },
  {
    name: 'what a survivor lacks is gone though athenahealth refuses to say whether it went back to the former patient',
    file: `${sync}/look-for-patient.ts`,
    find: `answer === 'refused' || (await isPatientWished`,
    replace: `answer !== 'refused' && (await isPatientWished`,
    caughtBy: [`${sync}/refused-former.pg.test.ts`],
  },
  {
    name: 'of what a feed has named and nobody holds it does not matter whether its patient is shown',
    file: `${sync}/look-for-patient.ts`,
    find: `id === undefined ? undefined : keys.pseudonym('patient', id)`,
    replace: `id === '' ? keys.pseudonym('patient', id) : undefined`,
    caughtBy: [`${sync}/hidden-at-once.pg.test.ts`],
  },
  {
    name: 'what a check finds of a patient is a loss though all that the patient has waits to be read',
    file: `${sync}/note-differences.ts`,
    find: `const whole = patient ?`,
    replace: `const whole = patient && kind.asked === 'with-patient' ?`,
    caughtBy: [`${sync}/verdicts.pg.test.ts`],
  },
  {
    name: 'what went back to a patient counts as deleted where its feed tells so before that of patients does',
    file: `${sync}/look-for-patient.ts`,
    find: `if (former === undefined) return`,
    replace: `if (former !== '') return`,
    caughtBy: [`${sync}/undone-merges.pg.test.ts`],
  },
  {
    name: 'what waits for a patient of whom nobody could be asked goes on waiting when the patient is found to be hidden',
    file: `${sync}/withdraw-missing.ts`,
    find: `withdrawn !== undefined && of.feed === 'patients'`,
    replace: `false`,
    caughtBy: [`${sync}/claims-of-shown-patients.pg.test.ts`, 'seeds 1 1300370'],
  },
  {
    name: 'slots of days that no reading has shown are a loss where one has shown days behind them',
    file: `${sync}/note-differences.ts`,
    find: `first <= day && day <= last`,
    replace: `first !== day && day <= last`,
    caughtBy: [`${sync}/verdicts.pg.test.ts`],
  },
]
