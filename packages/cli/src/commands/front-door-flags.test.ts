import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SimulatorOptions } from '@aegis/simulator'
import { Command } from 'commander'
import { frontDoorFlags, type FrontDoorOptions, frontDoorOptions } from './front-door-flags.ts'

/** What the simulator is started with. Throws what commander says of flags that make no sense. */
function optionsOf(...args: string[]): SimulatorOptions {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  for (const flag of frontDoorFlags()) command.addOption(flag)
  return frontDoorOptions(command.parse(args, { from: 'user' }).opts<FrontDoorOptions>())
}

const usual = { tokenFormat: 'opaque', scopeForms: 'wildcard', assertionLifetimeMaxS: 300 }

const table: readonly (readonly [args: readonly string[], options: object])[] = [
  [[], {}],
  [['--token-format', 'jwt', '--scope-forms', 'areas'], { tokenFormat: 'jwt', scopeForms: 'areas' }],
  [
    ['--assertion-audience', 'urn:a', '--assertion-audience', 'urn:b', '--assertion-lifetime', '1h'],
    { assertionAudiences: ['urn:a', 'urn:b'], assertionLifetimeMaxS: 3600 },
  ],
  [['--assertion-algorithms', 'RS384, ES384'], { assertionAlgorithms: ['RS384', 'ES384'] }],
  [['--jwks-host', 'keys.example.com'], { jwksHosts: ['keys.example.com'] }],
  [
    ['--quirk', 'shuffledKeys', '--quirk', 'totals=string', '--quirk', 'decoyArrays=false'],
    { quirks: { shuffledKeys: true, totals: 'string', decoyArrays: false } },
  ],
  [['--marks'], { marks: true }],
  [['--rollout-practice', '7'], { rollout: { practices: [7], endpoints: [] } }],
  [
    ['--rollout-endpoint', 'GET /ping', '--rollout-status', '404'],
    { rollout: { practices: [], endpoints: ['GET /ping'], status: 404 } },
  ],
]
for (const [args, options] of table) {
  test(`"${args.join(' ')}" starts the simulator so`, () => {
    assert.deepEqual(optionsOf(...args), { ...usual, ...options })
  })
}

const mistakes: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [['--quirk', 'tidy'], /Give shuffledKeys, decoyArrays, totals=string\|none/],
  [['--quirk', 'totals'], /Give shuffledKeys/],
  [['--assertion-algorithms', 'none'], /Give some of RS256/],
  [['--assertion-algorithms', 'HS256'], /Give some of RS256/],
  [['--rollout-status', '500'], /Give 403 or 404/],
  [['--rollout-practice', 'all'], /whole number/],
]
for (const [args, said] of mistakes) {
  test(`"${args.join(' ')}" is refused with what to give`, () => {
    assert.throws(() => optionsOf(...args), said)
  })
}
