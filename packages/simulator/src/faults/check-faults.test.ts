import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFaults } from './check-faults.ts'
import { faultNames } from './fault-kinds.ts'

const routes = ['/patients/{patientid}', '/patients/{patientid}/photo', '/departments', '/oauth2/v1/token']

const wrong: readonly [string, unknown, RegExp][] = [
  ['no list', { kind: 'html' }, /^faults: give a list of rules/],
  ['a rule that is none', ['html'], /^faults\[0\]: give an object/],
  ['a rule without a kind', [{}], /^faults\[0\]\.kind: name one; there are unauthorized, forbidden, /],
  ['an unknown kind', [{ kind: 'gremlin' }], /^faults\[0\]\.kind: no fault "gremlin"; there are unauthorized, /],
  ['a kind of the prototype', [{ kind: 'toString' }], /no fault "toString"/],
  [
    'a field of another kind',
    [{ kind: 'html', retryAfter: 1 }],
    /\.retryAfter: no such field; there are kind, when, status/,
  ],
  ['a status that is none', [{ kind: 'server-error', status: 418 }], /\.status: give 500, 502, 503, 504/],
  ['a style that is none', [{ kind: 'unauthorized', style: 'rude' }], /\.style: give recorded, inactive, expired/],
  ['what it needs', [{ kind: 'clock-jump' }], /\.ms: give 0 or a positive number/],
  ['time that goes back', [{ kind: 'clock-jump', ms: -1 }], /\.ms: give 0 or a positive number/],
  ['a feed that is none', [{ kind: 'unsubscribed', feed: 'weather' }], /\.feed: give appointments, patients, /],
  ['a delay that is none', [{ kind: 'slow', delayMs: '1s' }], /\.delayMs: give 0 or a positive number/],
  [
    'a condition that is none',
    [{ kind: 'html', when: { url: '/' } }],
    /\.when\.url: no such field; there are path, method/,
  ],
  ['conditions that are no object', [{ kind: 'html', when: '/patients' }], /\.when: give an object/],
  ['a method that is none', [{ kind: 'html', when: { method: 'get' } }], /\.when\.method: give GET, POST, PUT, DELETE/],
  ['no methods', [{ kind: 'html', when: { method: [] } }], /\.when\.method: give/],
  ['a zeroth time', [{ kind: 'html', when: { nth: 0 } }], /\.when\.nth: give a whole number of 1 or more/],
  [
    'a share above all',
    [{ kind: 'html', when: { probability: 1.5 } }],
    /\.when\.probability: give a number from 0 to 1/,
  ],
  [
    'a time without a zone',
    [{ kind: 'html', when: { from: '2026-01-05T12:00:00' } }],
    /\.when\.from: give epoch milli/,
  ],
  ['an end before the start', [{ kind: 'html', when: { from: 5, until: 5 } }], /\.when\.until: give a time after from/],
  ['nth and every', [{ kind: 'html', when: { nth: 1, every: 2 } }], /\.when: give nth or every/],
  [
    'a route that nothing serves',
    [{ kind: 'html', when: { path: '/patient/{id}' } }],
    /give \/patients\/\{patientid\}, /,
  ],
  [
    'a path with its query',
    [{ kind: 'html', when: { path: '/patients?x=1' } }],
    /\.path: give a path without its query/,
  ],
  ['a * in the middle', [{ kind: 'html', when: { path: '/patients/*/photo' } }], /\* at its end only/],
  ['a path without its slash', [{ kind: 'html', when: { path: 'departments' } }], /nothing serves departments/],
]
for (const [what, rules, problem] of wrong) {
  test(`${what} is refused with what to give`, () => {
    assert.throws(
      () => checkFaults(rules, routes),
      (error) => error instanceof TypeError && problem.test(error.message),
    )
  })
}

test('every wrong field is told at once, with its rule', () => {
  const rules = [{ kind: 'html' }, { kind: 'html', status: 42, when: { nth: 0, until: 'soon' } }, { kind: 'oops' }]
  assert.throws(
    () => checkFaults(rules, routes),
    (error) => {
      const problems = error instanceof Error ? error.message.split('; ').map((problem) => problem.split(':')[0]) : []
      assert.deepEqual(problems.slice(0, 4), [
        'faults[1].status',
        'faults[1].when.nth',
        'faults[1].when.until',
        'faults[2].kind',
      ])
      return true
    },
  )
})

test('every kind is taken with no more than it needs, and on every kind of path', () => {
  const paths = [
    '/patients/{id}',
    '/v1/{practiceid}/departments',
    '/patients/12',
    '/patients/*',
    '/v1/7/*',
    '/oauth2/v1/token',
  ]
  for (const kind of Object.keys(faultNames)) {
    const needed = kind === 'clock-jump' ? { ms: 1 } : {}
    checkFaults([{ kind, ...needed, delayMs: 5, name: 'mine', when: { practice: undefined } }], routes)
  }
  for (const path of paths) checkFaults([{ kind: 'html', when: { path } }], routes)
})
