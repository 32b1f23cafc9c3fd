import type { MetRequest } from '../faults/fault-kind.ts'
import { feedTable } from '../feeds/feed-table.ts'
import { claimOf } from '../tokens/client-authentication.ts'
import { oauthPaths, type Oauth } from '../tokens/oauth.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import { formOf, type Arrival } from './answer.ts'
import { apiPath, bearer } from './api-request.ts'
import type { Backend } from './backend.ts'
import { parseInput } from './input.ts'

interface MetRequestDeps {
  readonly backend: Backend
  readonly oauth: Oauth
}

/** What rules of faults go by: found out before the request is judged or changes anything. */
export function metRequest({ backend, oauth }: MetRequestDeps, arrival: Arrival, at: number): MetRequest {
  const [, practice, resource] = apiPath.exec(arrival.path) ?? []
  if (practice === undefined || resource === undefined) {
    const app = claimOf(oauth, arrival, parseInput('', formOf(arrival)))?.app
    return { ...nowhere, arrival, route: oauthPaths.find((path) => path === arrival.path), app, at }
  }
  const { route } = backend.find(arrival, resource)
  const token = bearer(oauth.tokens, arrival.authorization, at)
  const app: RegisteredApp | undefined = typeof token === 'string' ? undefined : token.app
  return { arrival, route, resource, practice: Number(practice), app, at, ...feedOf(arrival, route) }
}

const nowhere = { resource: undefined, practice: undefined, feed: undefined, reads: undefined }

function feedOf(arrival: Arrival, route: string | undefined): Pick<MetRequest, 'feed' | 'reads'> {
  for (const { feed, path } of route === undefined ? [] : feedTable) {
    const list = `/v1/{practiceid}${path}`
    if (route === list) return { feed, reads: readModeOf(arrival) }
    if (route?.startsWith(`${list}/subscription`)) return { feed, reads: undefined }
  }
  return { feed: undefined, reads: undefined }
}

function readModeOf({ query }: Arrival): NonNullable<MetRequest['reads']> {
  const input = parseInput(query)
  const isReplay = ['showprocessedstartdatetime', 'showprocessedenddatetime'].some(
    (name) => input.text(name) !== undefined,
  )
  return isReplay ? 'replay' : input.flag('leaveunprocessed') ? 'peek' : 'consume'
}
