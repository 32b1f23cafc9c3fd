import type { Environment } from '@aegis/client'

/** Names an app of athenahealth's. It belongs to one environment; the same client id elsewhere is another app. */
export interface AppRef {
  readonly environment: Environment
  readonly clientId: string
}

/** A token is for one app, at one host, with one scope. */
export interface TokenKey extends AppRef {
  readonly baseUrl: string
  readonly scope: string
}

/** The scopes of a list, each once and in one order: the same scopes are the same token. */
export function scopesOf(list: string): string[] {
  return [...new Set(list.split(/\s+/).filter(Boolean))].toSorted()
}

/** Those of a list that let records be made, changed or deleted: SMART's of version 1 (`write`, `*`) and of version 2. */
export function changingScopes(list: string): string[] {
  return scopesOf(list).filter((scope) =>
    /^(?:system|user|patient)\/[^.]+\.(?:write|\*|r?[cud][cruds]*)(?:\?|$)/.test(scope),
  )
}

/** How an app, or one of its credentials, is named in the audit log. */
export function entityOf({ environment, clientId }: AppRef, number?: number): string {
  return number === undefined ? `${environment}/${clientId}` : `${environment}/${clientId}/${number}`
}
