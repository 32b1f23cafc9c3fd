import type { SettledEntry } from './settle-endpoint.ts'

/** One line on an endpoint. */
export function describeEndpoint(entry: Pick<SettledEntry, 'name'>): string {
  return `Calls \`${entry.name}\`.`
}
