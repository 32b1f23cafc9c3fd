import { quirkValues, type Quirks, signatureAlgorithms, type SimulatorOptions } from '@aegis/simulator'
import { InvalidArgumentError, Option } from 'commander'
import { collect, durationMs, practiceId } from '../flags.ts'

type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** What the flags about the simulator's apps, tokens and habits were given. */
export interface FrontDoorOptions {
  readonly tokenFormat: 'opaque' | 'jwt'
  readonly scopeForms: 'wildcard' | 'areas'
  readonly assertionAudience?: readonly string[]
  readonly assertionLifetime: number
  readonly assertionAlgorithms?: readonly SignatureAlgorithm[]
  readonly jwksHost?: readonly string[]
  readonly quirk?: Quirks
  readonly rolloutPractice?: readonly number[]
  readonly rolloutEndpoint?: readonly string[]
  readonly rolloutStatus?: 403 | 404
  readonly marks?: true
}

const apps = 'Apps and tokens:'
const habits = 'Habits of athenahealth:'

/** Flags about who may ask for tokens, how, and in which habits answers come. */
export function frontDoorFlags(): Option[] {
  return [
    new Option('--token-format <format>', 'tokens as recorded (opaque) or as documented (jwt)')
      .choices(['opaque', 'jwt'])
      .default('opaque')
      .helpGroup(apps),
    new Option('--scope-forms <forms>', 'areas: Athenanet.MDP.<Area> beside Athenanet.MDP.*')
      .choices(['wildcard', 'areas'])
      .default('wildcard')
      .helpGroup(apps),
    new Option('--assertion-audience <url>', 'what signed assertions are for; several times (default: the token URL)')
      .argParser(collect((text) => text))
      .helpGroup(apps),
    new Option('--assertion-lifetime <duration>', 'longest life of an assertion, an hour at most')
      .default(durationMs('5m'), '5m')
      .argParser(durationMs)
      .helpGroup(apps),
    new Option('--assertion-algorithms <list>', 'such as RS384,ES384 (default: RS, PS and ES with 256, 384, 512)')
      .argParser(algorithms)
      .helpGroup(apps),
    new Option('--jwks-host <host>', "host that an app's keys may be fetched from without TLS; several times")
      .argParser(collect((text) => text))
      .helpGroup(apps),
    new Option('--quirk <name[=value]>', `several times: ${quirkNames()}`).argParser(quirk).helpGroup(habits),
    new Option('--rollout-practice <id>', 'a practice that has the beta endpoints; several times (default: all have)')
      .argParser(collect(practiceId))
      .helpGroup(habits),
    new Option(
      '--rollout-endpoint <endpoint>',
      'taken for beta too, such as "GET /patients/{patientid}"; several times',
    )
      .argParser(collect((text) => text))
      .helpGroup(habits),
    new Option('--rollout-status <status>', 'what a practice without answers (default: 403)')
      .argParser(rolloutStatus)
      .helpGroup(habits),
    new Option('--marks', 'answers tell in headers what they stand on: state, recordings or a guess').helpGroup(habits),
  ]
}

/** The simulator's options for these flags. */
export function frontDoorOptions(given: FrontDoorOptions): SimulatorOptions {
  const { tokenFormat, scopeForms, assertionAudience, assertionAlgorithms, jwksHost, rolloutStatus: status } = given
  const { rolloutPractice: practices = [], rolloutEndpoint: endpoints = [] } = given
  const isRolledOut = practices.length > 0 || endpoints.length > 0
  return {
    tokenFormat,
    scopeForms,
    assertionLifetimeMaxS: given.assertionLifetime / 1_000,
    ...(assertionAudience !== undefined && { assertionAudiences: assertionAudience }),
    ...(assertionAlgorithms !== undefined && { assertionAlgorithms }),
    ...(jwksHost !== undefined && { jwksHosts: jwksHost }),
    ...(given.quirk !== undefined && { quirks: given.quirk }),
    ...(given.marks === true && { marks: true }),
    ...(isRolledOut && { rollout: { practices, endpoints, ...(status !== undefined && { status }) } }),
  }
}

/** Every quirk with what it can be but off. */
function quirkNames(): string {
  const names = Object.entries(quirkValues).map(([name, [, ...values]]) =>
    values[0] === true ? name : `${name}=${values.join('|')}`,
  )
  return names.join(', ')
}

function quirk(text: string, before: Quirks | undefined): Quirks {
  const [name = '', value] = text.split('=')
  const given = value === undefined || value === 'true' ? true : value === 'false' ? false : value
  const known = Object.hasOwn(quirkValues, name) ? quirkValues[name] : undefined
  if (known?.includes(given) !== true) throw new InvalidArgumentError(`Give ${quirkNames()}.`)
  return { ...before, [name]: given }
}

function algorithms(text: string): readonly SignatureAlgorithm[] {
  return text.split(',').map((name) => {
    const known = signatureAlgorithms.find((algorithm) => algorithm === name.trim())
    if (known === undefined) throw new InvalidArgumentError(`Give some of ${signatureAlgorithms.join(',')}.`)
    return known
  })
}

function rolloutStatus(text: string): 403 | 404 {
  if (text === '403') return 403
  if (text === '404') return 404
  throw new InvalidArgumentError('Give 403 or 404.')
}
