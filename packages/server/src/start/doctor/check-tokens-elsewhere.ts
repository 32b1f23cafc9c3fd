import { accessSync, constants, lstatSync } from 'node:fs'
import type { Clock } from '../../clock/clock.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { systemCode } from '../../config/system-code.ts'
import { isAegisError } from '../../errors/aegis-error.ts'
import { type KeyServerLink, keyServerLink } from '../../key-server/key-server-link.ts'
import { configuredApp } from '../start-key-server.ts'
import { judgeIdentity } from './check-key-server.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('key-server')

/** A person waits. */
const ANSWER_MS = 15_000
/** Practices that are asked for one by one when they are refused together: each refusal is in the audit log. */
const PRACTICES_MAX = 20

/**
 * Whether the key server that this process is to get its tokens from can be reached, takes its certificate, knows it as a
 * service, and lets it have tokens for every practice and scope that is configured.
 */
export async function checkTokensElsewhere(config: AegisConfig, clock: Clock): Promise<readonly Finding[]> {
  const { at } = config.keyServer
  if (!at) return []
  const ground = 'path' in at ? judgeSocket(at.path) : judgeIdentity(at.tls, clock.now())
  if (ground.some(({ level }) => level === 'failure')) return ground
  const link = keyServerLink(at)
  try {
    return [...ground, ...(await ask(link, config))]
  } finally {
    await link.close()
  }
}

/** Whether the socket is there and may be opened. */
function judgeSocket(path: string): readonly Finding[] {
  try {
    if (!lstatSync(path).isSocket()) throw Object.assign(new Error('no socket'), { code: 'ENOTSOCK' })
    accessSync(path, constants.W_OK)
    return []
  } catch (error) {
    const code = systemCode(error)
    const [message, remedy] =
      code === 'EACCES'
        ? [
            `This user may not open the socket of the key server, ${path}.`,
            'Put the user into the group of its directory, and start this process anew.',
          ]
        : [
            `There is no socket of the key server at ${path} (${code}).`,
            'Start the key server; if it runs, look whether it names this service under keyServer.services.',
          ]
    return [report.failure('reached', message, remedy)]
  }
}

async function ask(link: KeyServerLink, config: AegisConfig): Promise<readonly Finding[]> {
  const wish = { ...configuredApp(config), scope: config.athena.scope }
  const answer = (practices: readonly number[], scope = wish.scope) =>
    link.ask({ ...wish, scope, practices: [...practices] }, ANSWER_MS).then(
      () => undefined,
      (error: unknown) => error,
    )
  const refused = await answer(config.practices)
  const reached = report.ok('reached', 'The key server answers, and both sides take the certificate or socket')
  if (refused === undefined) {
    return [reached, report.ok('granted', 'This service may have tokens for every practice and scope configured')]
  }
  if (isAegisError(refused, 'key-server.unreachable')) return [unreachable(config, String(refused.detail.reason))]
  if (!isAegisError(refused, 'key-server.not-granted')) return [reached, report.fromError('granted', refused)]
  return [reached, await refusedPractices(config, answer)]
}

/** Each practice is refused alone: then it may be the scope. */
function scopeRefused(scope: string, practices: readonly number[]): Finding {
  const remedy =
    'Add the scope, or the practices, under keyServer.services of the key server, or correct athena.scope and practices here.'
  const which = practices.join(', ')
  const message = `The key server does not let this service have the scope "${scope}", or none of the practices ${which}.`
  return report.failure('granted', message, remedy)
}

async function refusedPractices(
  { practices, athena }: AegisConfig,
  answer: (practices: readonly number[]) => Promise<unknown>,
): Promise<Finding> {
  const asked = practices.slice(0, PRACTICES_MAX)
  const refused: number[] = []
  for (const practice of asked) {
    if (isAegisError(await answer([practice]), 'key-server.not-granted')) refused.push(practice)
  }
  if (refused.length === asked.length) return scopeRefused(athena.scope, asked)
  const which = refused.length > 0 ? refused.join(', ') : `some beyond the first ${PRACTICES_MAX}`
  const remedy = 'Add them under keyServer.services of the key server, or leave them out of the practices here.'
  const message = `The key server does not let this service have tokens for practices: ${which}.`
  return report.failure('granted', message, remedy)
}

/** The connection failed: whose certificate was not taken, or why there was none. */
function unreachable({ keyServer: { at } }: AegisConfig, reason: string): Finding {
  const place = at && 'url' in at ? at.url : at?.path
  if (/ALTNAME/.test(reason)) {
    const remedy = 'Use a name in keyServer.url that stands in its certificate, or have it made with this one.'
    return report.failure('reached', `The certificate at ${place} is for another name (${reason}).`, remedy)
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|SSL|TLS|ECONNRESET|UND_ERR_SOCKET|EPIPE/.test(reason)) {
    const remedy =
      'Both sides need certificates of the authority that the other one names in keyServer.caFile, and neither may be expired: run "aegis doctor" on the host of the key server, too.'
    return report.failure(
      'reached',
      `The key server at ${place} and this process do not take each other's certificates (${reason}).`,
      remedy,
    )
  }
  const remedy =
    'Start the key server, and check keyServer.url here, keyServer.listen there, and any firewall in between. Run "aegis doctor" there, too.'
  return report.failure('reached', `The key server at ${place} does not answer (${reason}).`, remedy)
}
