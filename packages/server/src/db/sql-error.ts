import { AegisError, isAegisError } from '../errors/aegis-error.ts'

/** What of a driver's error may be kept. Its message, detail, where, hint and parameters can carry patient data. */
interface DriverError {
  readonly code?: unknown
  readonly constraint?: unknown
}

/** SQLSTATE classes and codes after which the connection, not the statement, is the trouble (PostgreSQL, appendix A). */
const connectionStates = /^(08...|57P0[1-5]|53300|28...|3D000)$/
/** No room to extend a table, or for a temporary file. Without room for its log of writes the server ends instead. */
const diskFullState = '53100'
/** Always with a digit: EPIPE and EBUSY are Node's. */
const sqlStatePattern = /^(?=.*\d)[0-9A-Z]{5}$/
/** Identifiers as this project writes them; anything else in a driver's field is dropped. */
const identifierPattern = /^[a-z_][a-z0-9_]{0,62}$/
/** What OpenSSL says of a handshake that failed, from its own table; Node names it in the code of other such errors. */
const handshakePattern = /:SSL routines:[^:]*:([a-z0-9/ ]{2,56}):/
/** Node's names of socket and TLS errors, and of what is wrong with a certificate. */
const systemCodePattern =
  /^(E[A-Z0-9_]{2,30}|ERR_[A-Z0-9_/]{2,60}|[A-Z_]*CERT[A-Z_]*|UNABLE_TO_[A-Z_]{2,40}|INVALID_(CA|PURPOSE))$/

/**
 * The driver's error as ours: `db.unavailable` when the connection is the trouble, `db.disk-full`, else `db.statement-failed` with the
 * SQLSTATE and the constraint's name. Nothing else of the original survives, not even as cause: PostgreSQL puts rows
 * and values into `detail`, `where` and, for a failed cast, into the message itself.
 */
export function fromDriverError(error: unknown, statement?: string): AegisError {
  if (isAegisError(error)) return error
  const where = statement ? { statement } : {}
  if (isUnreadable(error)) return new AegisError('db.statement-failed', { reason: 'unreadable value', ...where })
  const { code, constraint }: DriverError = typeof error === 'object' && error !== null ? error : {}
  const state = typeof code === 'string' ? code : ''
  if (!sqlStatePattern.test(state) || connectionStates.test(state)) {
    return new AegisError('db.unavailable', { reason: reasonOf(state, error) })
  }
  if (state === diskFullState) return new AegisError('db.disk-full', where)
  const broken = typeof constraint === 'string' && identifierPattern.test(constraint) ? { constraint } : {}
  return new AegisError('db.statement-failed', { sqlstate: state, ...where, ...broken })
}

/** A value that arrived and could not be parsed, e.g. a year before Christ. */
function isUnreadable(error: unknown): boolean {
  return error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError
}

/** Whether `error` is a statement refused with this SQLSTATE (and by this constraint, if one is named). */
export function isSqlState(error: unknown, sqlstate: string, constraint?: string): boolean {
  return (
    isAegisError(error, 'db.statement-failed') &&
    error.detail.sqlstate === sqlstate &&
    (constraint === undefined || error.detail.constraint === constraint)
  )
}

function reasonOf(state: string, error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  const handshake = state === 'EPROTO' && handshakePattern.exec(message)?.[1]
  if (handshake) return `ERR_SSL_${handshake.replaceAll(' ', '_').toUpperCase()}`
  if (sqlStatePattern.test(state) || systemCodePattern.test(state)) return state
  // The driver's own texts carry no code; these are the ones it raises for connections.
  if (/timeout|timed out/i.test(message)) return 'timeout'
  if (/does not support SSL/.test(message)) return 'no TLS'
  if (/pool after calling end|was closed/i.test(message)) return 'closed'
  return 'connection lost'
}
