import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { applyChange } from './apply-change.ts'

test('charts are changed as their staff would, each with its event', () => {
  const { practice } = practiceApi({ patients: 20 })
  const names: string[] = []
  practice.onEvent(({ name }) => names.push(name))
  const ids = (kind: Parameters<typeof practice.ids>[0]) => [...practice.ids(kind)]
  const before = new Set(ids('chart/healthhistory/problems'))
  applyChange(practice, { kind: 'addproblem', patient: 3, snomed: 38341003, note: 'Since spring.' })
  const [problem] = ids('chart/healthhistory/problems').filter((id) => !before.has(id))
  applyChange(practice, { kind: 'updateproblem', patient: 3, problem, note: 'Stable.' })
  const shown = practice.wireRecord('chart/healthhistory/problems', String(problem), { alone: true })
  assert.match(JSON.stringify(shown), /Stable/)
  applyChange(practice, { kind: 'endproblem', patient: 3, problem, remove: true })
  const known = new Set(ids('chart/healthhistory/medication'))
  applyChange(practice, { kind: 'addmedication', patient: 3, medication: 240112 })
  const [entry] = ids('chart/healthhistory/medication').filter((id) => !known.has(id))
  applyChange(practice, { kind: 'stopmedication', patient: 3, entry, reason: 'Finished.' })
  applyChange(practice, { kind: 'deletemedication', patient: 3, entry })
  applyChange(practice, { kind: 'setallergy', patient: 3, allergen: 12109, note: 'Hives.' })
  applyChange(practice, { kind: 'endallergy', patient: 3, allergen: 12109 })
  assert.deepEqual(
    names.map((name) => name.replace(/Hx/, '')),
    [
      'ProblemAdd',
      'ProblemUpdate',
      'ProblemUpdate',
      'MedicationAdd',
      'MedicationUpdate',
      'MedicationDelete',
      names.at(-2),
      'AllergyUpdate',
    ],
  )
  assert.throws(
    () => applyChange(practice, { kind: 'updateproblem', patient: 3, problem: 999_999, note: 'x' }),
    RangeError,
  )
})
