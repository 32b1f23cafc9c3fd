/** The page that tells what the simulator's answers stand on, endpoint by endpoint and field by field. */
import { contractRoutes } from '../../src/contract/contract-routes.ts'
import { endpointContract, endpointHeads } from '../../src/contract/contract.ts'
import type { EndpointContract, EndpointHead } from '../../src/contract/endpoint-contract.ts'
import type { Basis } from '../../src/route.ts'
import { sampleAnswers, sampledRoutes, type Sample } from './sample-answers.ts'

const bases: readonly Basis[] = ['stateful', 'recorded', 'inferred', 'unknown']

const introduction = `# What the simulator's answers stand on

Every endpoint of athenahealth's documents, and what the simulator knows of it. An endpoint is **stateful** when its answers
come from the practice's records. Else nothing is kept, and its answer is **recorded** (names and types of a real answer,
values invented), **inferred** (what other endpoints answer, or what a public client reads) or **unknown** (a guess).

A name in an answer is **proven** when it was recorded on that endpoint, **inferred** when it was recorded on others, and
**unknown** when no recording has it. Names inside lists and objects are not told apart. For endpoints with state the names
were found by calling them in a small practice; *not sent* was recorded and never came up there.

Parameters are those documented. Of an endpoint with state some may be *ignored*: they change nothing. Without state, what
is required (*) must be there and every value must be of its kind; nothing else follows from them.
`

/** The page as Markdown. */
export function fidelityPage(): string {
  const samples = sampleAnswers()
  const stateful = sampledRoutes()
  const basisOf = new Map([
    ...stateful.map((route) => [endpointContract(route)?.shape, 'stateful' as Basis] as const),
    ...contractRoutes(stateful).map((route) => [endpointContract(route)?.shape, route.basis ?? 'stateful'] as const),
  ])
  const known = endpointHeads().map((head) => ({ head, basis: basisOf.get(head.shape) ?? 'unknown' }))
  const areas = [...Map.groupBy(known, ({ head }) => head.area)]
  const chapters = areas.map(([area, endpoints]) =>
    [
      `## ${area.charAt(0).toUpperCase()}${area.slice(1)}`,
      ...endpoints.flatMap(({ head, basis }) =>
        basis === 'stateful' ? [statefulEntry(head, samples.get(head.shape))] : [],
      ),
      statelessTable(endpoints.filter(({ basis }) => basis !== 'stateful')),
    ].join('\n\n'),
  )
  return `${[introduction + summary(areas), ...chapters].join('\n\n')}\n`
}

type Endpoints = readonly { readonly head: EndpointHead; readonly basis: Basis }[]

function summary(areas: readonly (readonly [area: string, endpoints: Endpoints])[]): string {
  const row = (name: string, endpoints: Endpoints): string => {
    const counts = bases.map((basis) => endpoints.filter((endpoint) => endpoint.basis === basis).length)
    return `| ${[name, endpoints.length, ...counts].join(' | ')} |`
  }
  return [
    `\n| Area | Endpoints | ${bases.join(' | ')} |`,
    `|---|---|---|---|---|---|`,
    ...areas.map(([area, endpoints]) => row(area, endpoints)),
    row(
      'all',
      areas.flatMap(([, endpoints]) => endpoints),
    ),
  ].join('\n')
}

/** An endpoint with state: what it looks at and what it sends. */
function statefulEntry(head: EndpointHead, sample: Sample | undefined): string {
  const contract = endpointContract(head)
  if (contract === undefined) return ''
  if (sample === undefined) return `**\`${head.name}\`**${remarks(head)}\n\n- Not called for this page.`
  const { sent, asked } = sample
  const parameters = contract.parameters.filter(({ place }) => place !== 'path')
  const isAsked = ({ name }: { name: string }): boolean => asked.has(name.toLowerCase())
  const lines: readonly (readonly [title: string, names: readonly string[]])[] = [
    ['Parameters', parameters.filter(isAsked).map(marked)],
    ['Ignored', parameters.filter((parameter) => !isAsked(parameter)).map(marked)],
    ['Proven', [...sent.proven]],
    ['Inferred', [...sent.inferred]],
    ['Unknown', [...sent.unknown]],
    ['Not sent', recordedOf(contract).filter((name) => !sent.proven.has(name))],
  ]
  const shown = lines.flatMap(([title, list]) =>
    list.length === 0 ? [] : [`- ${title}: ${list.toSorted().join(', ')}`],
  )
  return [`**\`${head.name}\`**${remarks(head)}`, shown.join('\n')].filter((part) => part !== '').join('\n\n')
}

function recordedOf({ fields, around }: EndpointContract): string[] {
  return [...fields.keys(), ...around]
}

function marked({ name, required }: { name: string; required: boolean }): string {
  return required ? `${name}*` : name
}

function remarks({ beta, intensive }: EndpointHead): string {
  return `${beta ? ' (beta)' : ''}${intensive ? ' (intensive)' : ''}`
}

/** Endpoints without state: all of their names are those of the contract. */
function statelessTable(endpoints: Endpoints): string {
  if (endpoints.length === 0) return ''
  const rows = endpoints.map(({ head, basis }) => {
    const contract = endpointContract(head)
    const required = contract?.parameters.filter((parameter) => parameter.required && parameter.place !== 'path') ?? []
    const names = contract === undefined ? [] : recordedOf(contract)
    const cells = [
      `\`${head.name}\`${remarks(head)}`,
      basis,
      required.map(({ name }) => name).join(', '),
      names.join(', '),
    ]
    return `| ${cells.join(' | ')} |`
  })
  return ['| Without state | Basis | Required | Proven |', '|---|---|---|---|', ...rows].join('\n')
}
