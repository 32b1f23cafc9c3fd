import type { Problem } from './config-error.ts'
import type { Variables } from './read-variables.ts'

interface Danger {
  readonly variable: 'NODE_TLS_REJECT_UNAUTHORIZED' | 'NODE_DEBUG' | 'NODE_OPTIONS'
  readonly isMet: (value: string) => boolean
  readonly what: string
  readonly remedy: string
}

const WEAK_TLS = 'Remove it. For a private authority, name its certificate with NODE_EXTRA_CA_CERTS.'

/** Settings of Node that would undo what Aegis promises. Those of NODE_OPTIONS are also looked for among Node's flags. */
const DANGERS: readonly Danger[] = [
  {
    variable: 'NODE_TLS_REJECT_UNAUTHORIZED',
    isMet: (value) => value === '0',
    what: 'switches off the checking of certificates: anybody on the way could read everything.',
    remedy: WEAK_TLS,
  },
  {
    variable: 'NODE_DEBUG',
    isMet: debugsRequests,
    what: 'prints requests with their tokens and with the names of patients.',
    remedy: 'Unset it.',
  },
  {
    variable: 'NODE_OPTIONS',
    isMet: hasOption(/--tls-min-v1\.[01]\b|--insecure-http-parser\b/),
    what: 'allows connections below TLS 1.2, or requests read loosely.',
    remedy: 'Remove that option.',
  },
  {
    variable: 'NODE_OPTIONS',
    isMet: hasOption(/--tls-keylog\b|--trace-tls\b/),
    what: 'writes down the keys or the contents of encrypted connections.',
    remedy: 'Remove that option.',
  },
  {
    variable: 'NODE_OPTIONS',
    isMet: hasOption(/(?:^|\s)--inspect(?:-brk|-wait)?(?=[\s=]|$)/),
    what: "lets every program of this machine read and change its memory: secrets and patients' data.",
    remedy: 'Remove that option.',
  },
  {
    variable: 'NODE_OPTIONS',
    isMet: hasOption(
      /(?:^|\s)--(?:report-(?:on-fatalerror|on-signal|uncaught-exception)|heap-prof|abort-on-uncaught-exception|heapsnapshot-(?:signal=\S+|near-heap-limit=[1-9]\d*))(?=\s|$)/,
    ),
    what: "would write reports that hold the memory of the process: secrets and patients' data in the open.",
    remedy: 'Remove that option.',
  },
]

/** What prints requests, their headers, or what goes over a connection: parts of Node, and of the HTTP client. */
const printing = ['http', 'http2', 'https', 'undici', 'fetch', 'websocket', 'net', 'tls', 'stream']

/** NODE_DEBUG is a list of names, in letters of any case, with `*` for any letters of a name: as Node reads it. */
function debugsRequests(value: string): boolean {
  const literal = value.replaceAll(/[|\\{}()[\]^$+?.]/g, '\\$&')
  const names = new RegExp(`^(?:${literal.replaceAll('*', '.*').replaceAll(/[\s,]+/g, '|')})$`, 'i')
  return value.trim() !== '' && printing.some((name) => names.test(name))
}

/** Node takes an underscore within an option for a hyphen. */
function hasOption(pattern: RegExp): (value: string) => boolean {
  return (value) => pattern.test(value.replaceAll('_', '-'))
}

/** Whether Node itself was told to do what must not happen. `flags` are the options Node was started with. */
export function findDangers(env: Variables, flags: readonly string[]): Problem[] {
  return DANGERS.flatMap(({ variable, isMet, what, remedy }) => {
    const values = [env[variable] ?? '', ...(variable === 'NODE_OPTIONS' ? flags : [])]
    return values.some(isMet) ? [{ path: variable, what, remedy }] : []
  })
}
