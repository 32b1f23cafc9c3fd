import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tinySimulator, tokenRequest, read } from '../../testing/tiny-simulator.ts'
import { apiReach, grantScopes, opens, wholeApi, type ScopeForms } from './scopes.ts'

const all = undefined
const table: readonly (readonly [
  what: string,
  requested: string,
  grants: readonly string[] | undefined,
  granted: boolean,
])[] = [
  ['the whole API', wholeApi, all, true],
  ['the API and FHIR in one', `${wholeApi} system/Patient.read  system/Observation.rs`, all, true],
  ['nothing', '', all, false],
  ['blanks', '  ', all, false],
  ["a user's scope", 'user/Patient.read', all, false],
  ['openid', 'openid', all, false],
  ['letters in the wrong order', 'system/Patient.sr', all, false],
  ['no letters', 'system/Patient.', all, false],
  ['the event platform without having asked for it', 'system/Subscription.read', all, false],
  ['the event platform when granted', 'system/Subscription.read', ['system/Subscription.read'], true],
  ['one that is not granted beside one that is', `${wholeApi} system/Patient.read`, [wholeApi], false],
  ['the API without the grant', wholeApi, ['system/Patient.read'], false],
  ['reading where reading is granted in the other version', 'system/Patient.rs', ['system/Patient.read'], true],
  ['writing where reading is granted', 'system/Patient.write', ['system/Patient.read'], false],
  ['searching where only reading is granted', 'system/Patient.rs', ['system/Patient.r'], false],
  ['one resource where all are granted', 'system/Patient.read', ['system/*.read'], true],
  ['all resources where one is granted', 'system/*.read', ['system/Patient.read'], false],
]
for (const [what, requested, grants, granted] of table) {
  test(`asking for ${what} is ${granted ? 'granted' : 'refused'}`, () => {
    assert.equal(grantScopes({ grants, forms: 'wildcard' }, requested) !== undefined, granted)
  })
}

test('areas are scopes only where that is asked for, and open paths of their name only', () => {
  const area = 'athena/service/Athenanet.MDP.Patients'
  const granted = (forms: ScopeForms) => grantScopes({ grants: [wholeApi], forms }, area)
  assert.equal(granted('wildcard'), undefined)
  const reach = apiReach(granted('areas') ?? [])
  assert.equal(opens(reach, '/patients/1'), true)
  assert.equal(opens(reach, '/appointments/1'), false)
  assert.equal(opens(apiReach(['system/Patient.read']), '/patients/1'), false)
})

test('a token without the scope of the API opens none of it, and uses up its quota', async (t) => {
  const { fetch, url, call } = await tinySimulator(t, { limits: 'preview' })
  const request = tokenRequest('demo-client:demo-secret', { scope: 'system/Patient.read' })
  const { body } = await read(await fetch(`${url}/oauth2/v1/token`, request))
  assert.equal(body.scope, 'system/Patient.read')
  const answer = await call('/v1/195900/patients/1', { token: String(body.access_token) })
  assert.equal(answer.status, 403)
  assert.deepEqual(answer.body, { detailedmessage: 'Invalid scope.', error: 'forbidden' })
  assert.equal(answer.headers.get('x-ratelimit-remaining'), '49999')
})

test('an app that signs users in gets no token for itself', async (t) => {
  const app = { clientId: 'portal', secret: 's', kind: 'three-legged' } as const
  const { fetch, url } = await tinySimulator(t, { apps: [app] })
  const { status, body } = await read(await fetch(`${url}/oauth2/v1/token`, tokenRequest('portal:s')))
  const detailedmessage = 'Policy evaluation failed for this request, please check the policy configurations.'
  assert.equal(status, 401)
  assert.deepEqual(body, { detailedmessage, error: 'access_denied' })
})
