import type { AthenaErrorCode } from '@aegis/client'
import { errorTable } from '../errors/error-table.ts'
import { isErrorCode } from '../errors/is-error-code.ts'

/** What a failure is called, and what to do about it. */
export interface FailureWords {
  readonly title: string
  readonly remedy: string
}

/** Puts the code of a failure into words: ours, the client's, or one of another release that noted it (pure). */
export function explainFailure(code: string): FailureWords {
  if (isErrorCode(code)) {
    const { title, remedy } = errorTable[code]
    return { title, remedy }
  }
  return isClientCode(code)
    ? ofClient[code]
    : { title: 'Something failed that this release does not know', remedy: again }
}

/** A failure in one piece, as it stands behind a colon (pure). */
export function failureInWords(code: string): string {
  return `${explainFailure(code).title} (${code})`
}

const again = 'It is tried again by itself; if it stays, look at the log under this code.'
const ours = 'It is tried again by itself; if it stays, report it as a defect, with what the log says under this code.'
const credential = 'Check the client id, its secret and that the app is active at athenahealth.'
const network = 'Check the network, the base URL and any proxy between here and athenahealth.'
const theirs = "It is tried again by itself; if it stays, look at athenahealth's status page, and ask its support."

const ofClient: Readonly<Record<AthenaErrorCode, FailureWords>> = {
  aborted: { title: 'A call was given up', remedy: again },
  configuration: { title: 'athenahealth does not accept the app as it is set up', remedy: credential },
  conflict: { title: 'athenahealth has the record in a state that does not allow it', remedy: again },
  'content-unreadable': { title: 'What was to be uploaded could not be read', remedy: again },
  environment: {
    title: 'The base URL does not belong to the environment; nothing was sent',
    remedy: 'Correct athena.baseUrl, or leave it out to use that of the environment.',
  },
  'field-too-long': { title: 'A field is longer than athenahealth stores; nothing was sent', remedy: ours },
  forbidden: {
    title: 'athenahealth does not let the app do this in this practice',
    remedy: 'Ask athenahealth to give the app access to this practice.',
  },
  'invalid-argument': { title: 'A call had a value that cannot be sent', remedy: ours },
  'invalid-request': { title: 'athenahealth refuses the fields of a call', remedy: ours },
  'malformed-response': {
    title: 'An answer cannot be read',
    remedy:
      'It is tried again by itself; if it stays, something answers in place of athenahealth: check athena.baseUrl and any proxy on the way.',
  },
  network: { title: 'athenahealth cannot be reached', remedy: network },
  'not-found': { title: 'athenahealth does not find what was asked for', remedy: theirs },
  'not-subscribed': { title: 'The feed is not subscribed', remedy: 'Nothing to do: it is subscribed again.' },
  rejected: { title: 'athenahealth answers that it did not do it', remedy: theirs },
  'response-too-large': {
    title: 'An answer is larger than allowed',
    remedy: 'Make sync.snapshotPageSize and sync.feedPageSize smaller.',
  },
  'server-error': { title: 'athenahealth fails to answer', remedy: theirs },
  throttled: {
    title: 'athenahealth asks to call slower',
    remedy:
      'It goes on by itself after the wait. If it comes again and again, another program uses the same app, or athenahealth grants fewer calls than limits.perSecond and limits.perDay say.',
  },
  timeout: { title: 'There was no complete answer in time', remedy: `${network} It is tried again by itself.` },
  unauthorized: { title: 'athenahealth refuses the token, also a new one', remedy: credential },
  'unknown-practice': {
    title: 'athenahealth knows no such practice',
    remedy: 'Check the practice id in the configuration and the environment.',
  },
  'upload-too-large': { title: 'What was to be uploaded is larger than athenahealth takes', remedy: ours },
  'wrong-record': { title: 'athenahealth answered with another record than the one asked for', remedy: theirs },
}

function isClientCode(code: string): code is AthenaErrorCode {
  return Object.hasOwn(ofClient, code)
}
