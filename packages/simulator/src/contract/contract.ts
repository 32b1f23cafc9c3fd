import { shapeOf, type Endpoint, type EndpointContract, type EndpointHead } from './endpoint-contract.ts'
import { contractText } from './generated/contract-text.ts'
import { readContract } from './read-contract.ts'

let names: ReadonlySet<string> | undefined
let opened: ReturnType<typeof readContract> | undefined

/** Every endpoint athenahealth's documents name. Little is read of the text before more is asked for. */
export function endpointHeads(): readonly EndpointHead[] {
  opened ??= readContract(contractText)
  return opened.heads
}

/** What is known of an endpoint, by any names of its path's parameters; undefined for one that is not in the documents. */
export function endpointContract(endpoint: Endpoint): EndpointContract | undefined {
  opened ??= readContract(contractText)
  return opened.find(shapeOf(endpoint))
}

/** Every name of a field, or beside a list, in any recorded answer. */
export function recordedNames(): ReadonlySet<string> {
  names ??= new Set(
    endpointHeads().flatMap((head) => {
      const contract = endpointContract(head)
      return contract === undefined ? [] : [...contract.fields.keys(), ...contract.around, ...provenKey(contract)]
    }),
  )
  return names
}

function provenKey({ key, wrapping }: EndpointContract): string[] {
  return key !== undefined && wrapping === 'envelope' ? [key] : []
}
