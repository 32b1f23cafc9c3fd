import type { CredentialReport, KeysReport } from '@aegis/server'

/** The credentials of an app as a table, in the order of their use, and who may change them. */
export function credentialTable(report: KeysReport): string {
  const { environment, clientId, credentials } = report
  const head = `[${environment}] app ${clientId}`
  if (credentials.length === 0) {
    return `${head}: no credential is stored\nGive one: aegis keys add --file FILE ("aegis keys add --help" tells more)\n`
  }
  const rows = [['', 'number', 'kind', 'state', 'from', 'added', 'expires', 'used', 'key'], ...credentials.map(cellsOf)]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${head}\n${lines.join('\n')}\n${holderLines(report).split('\n').slice(1).join('\n')}`
}

function cellsOf(credential: CredentialReport): string[] {
  const { number, kind, state, origin, kid, alg } = credential
  return [
    credential.next ? '→' : ' ',
    String(number),
    kind,
    stateOf(credential, state),
    origin,
    dayOf(credential.addedAt),
    endOf(credential),
    credential.usedAt === null ? '-' : minuteOf(credential.usedAt),
    kid === null ? '' : `${alg ?? ''} ${kid}`,
  ]
}

function stateOf({ usedFrom }: CredentialReport, state: CredentialReport['state']): string {
  return state === 'waiting' && usedFrom !== null ? `waits until ${minuteOf(usedFrom)}` : state
}

function endOf({ expiresAt, endsAfter }: CredentialReport): string {
  if (expiresAt !== null) return dayOf(expiresAt)
  return endsAfter === null ? '-' : `after ${endsAfter} is used`
}

/** One credential in words. */
export function describeCredential(credential: CredentialReport): string {
  const { number, kind, state, next, usedFrom, expiresAt, kid } = credential
  const parts = [
    `credential ${number} (${kind === 'secret' ? 'secret' : `private key ${kid}`}) is ${state}`,
    ...(state === 'waiting' && usedFrom !== null ? [`used from ${minuteOf(usedFrom)}`] : []),
    ...(next ? ['used for the next token'] : []),
    ...(expiresAt === null ? [] : [`expires ${minuteOf(expiresAt)}`]),
  ]
  return parts.join(', ')
}

/** Who may change the credentials of an app. */
export function holderLines({
  environment,
  clientId,
  holders,
}: Pick<KeysReport, 'environment' | 'clientId' | 'holders'>): string {
  const head = `[${environment}] app ${clientId}\n`
  if (holders.length === 0) return `${head}Holders: none listed; whoever can reach this instance may change them\n`
  return `${head}Holders: ${holders.map(({ holder, addedAt }) => `${holder} (since ${dayOf(addedAt)})`).join(', ')}\n`
}

function dayOf(iso: string): string {
  return iso.slice(0, 10)
}

function minuteOf(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}
