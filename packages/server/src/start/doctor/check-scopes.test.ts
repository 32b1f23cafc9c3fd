import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { checkScopes } from './check-scopes.ts'

const whole = 'athena/service/Athenanet.MDP.*'

const cases: readonly [what: string, scope: string, changing: readonly string[]][] = [
  ['the whole of the v1 API, of which no part is confirmed', whole, []],
  ['reading', `${whole} system/Patient.read system/Encounter.rs`, []],
  ['writing', `${whole} system/Patient.read system/Patient.write`, ['system/Patient.write']],
  ['creating among reading', 'system/Patient.crs', ['system/Patient.crs']],
  ['updating, deleting', 'system/Patient.u system/Condition.d', ['system/Condition.d', 'system/Patient.u']],
  ['everything', 'system/*.*', ['system/*.*']],
  ['everything of a kind, for a user', 'user/Patient.*', ['user/Patient.*']],
]

for (const [what, scope, changing] of cases) {
  test(`a scope for ${what} is ${changing.length > 0 ? 'too much' : 'left alone'}`, () => {
    const athena = { scope } as AegisConfig['athena'] // nothing else is looked at
    const finding = checkScopes({ athena })
    assert.equal(finding.level, changing.length > 0 ? 'warning' : 'ok')
    if (changing.length > 0)
      assert.match(finding.message, new RegExp(`^athena\\.scope .*: ${changing.join(', ').replaceAll('*', '\\*')}\\.$`))
    assert.equal(finding.remedy !== undefined, changing.length > 0)
  })
}

test('the scope of the whole v1 API, which also writes, is not said to change nothing', () => {
  const saysOf = (scope: string) => checkScopes({ athena: { scope } as AegisConfig['athena'] }).message
  for (const scope of [whole, `${whole} system/Patient.read`]) {
    assert.match(saysOf(scope), /not judged.*: athena\/service\/Athenanet\.MDP\.\*$/)
    assert.doesNotMatch(saysOf(scope), /change no records$/)
  }
  assert.match(saysOf('system/Patient.read'), /change no records$/)
})
