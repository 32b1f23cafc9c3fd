import { catalogue } from '../../packages/client/src/catalogue/catalogue.ts'
import { sampleRequest } from '../../packages/client/testing/sample-request.ts'

const head = `import { type AthenaClient, createAthenaClient } from '@aegis/client'

export const athena: AthenaClient = createAthenaClient({
  environment: 'preview',
  credential: { clientId: 'a', secret: 'b' },
})
`

/** A program that makes as many different calls as told, spread over the whole catalogue, each with its parameters. */
export function typedProgram(calls: number): string {
  const entries = catalogue()
  const every = Math.max(1, Math.floor(entries.length / Math.max(1, calls)))
  const lines = entries
    .filter((_, index) => index % every === 0)
    .slice(0, calls)
    .map((entry, index) => {
      const { path, query, form } = sampleRequest(entry, 'all')
      const request = JSON.stringify({ practice: 195900, ...filled({ path, query, form }) })
      return `export const call${index} = await athena.request("${entry.name}", ${request})`
    })
  return [head, ...lines, ''].join('\n')
}

function filled(places: Readonly<Record<string, object | undefined>>): object {
  return Object.fromEntries(Object.entries(places).filter(([, place]) => Object.keys(place ?? {}).length > 0))
}
