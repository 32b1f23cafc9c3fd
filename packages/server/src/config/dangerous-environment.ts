import type { Problem } from './config-error.ts'
import type { Variables } from './read-variables.ts'

interface Danger {
  readonly variable: 'NODE_TLS_REJECT_UNAUTHORIZED' | 'NODE_DEBUG' | 'NODE_OPTIONS'
  readonly pattern: RegExp
  readonly what: string
  readonly remedy: string
}

const WEAK_TLS = 'Remove it. For a private authority, name its certificate with NODE_EXTRA_CA_CERTS.'

/** Settings of Node that would undo what Aegis promises. Those of NODE_OPTIONS are also looked for among Node's flags. */
const DANGERS: readonly Danger[] = [
  {
    variable: 'NODE_TLS_REJECT_UNAUTHORIZED',
    pattern: /^0$/,
    what: 'switches off the checking of certificates: anybody on the way could read everything.',
    remedy: WEAK_TLS,
  },
  {
    variable: 'NODE_DEBUG',
    pattern: /(?:^|[\s,*])(?:http2?|https|undici|fetch|net|tls|stream|\*)(?:$|[\s,*])/i,
    what: 'prints requests with their tokens and with the names of patients.',
    remedy: 'Unset it.',
  },
  {
    variable: 'NODE_OPTIONS',
    pattern: /--tls-min-v1\.[01]\b|--insecure-http-parser\b/,
    what: 'allows connections below TLS 1.2, or requests read loosely.',
    remedy: 'Remove that option.',
  },
  {
    variable: 'NODE_OPTIONS',
    pattern: /--tls-keylog\b|--trace-tls\b/,
    what: 'writes down the keys or the contents of encrypted connections.',
    remedy: 'Remove that option.',
  },
  {
    variable: 'NODE_OPTIONS',
    pattern:
      /(?:^|\s)--(?:report-(?:on-fatalerror|on-signal|uncaught-exception)|heap-prof|heapsnapshot-(?:signal=\S+|near-heap-limit=[1-9]\d*))(?=\s|$)/,
    what: "would write reports that hold the memory of the process: secrets and patients' data in the open.",
    remedy: 'Remove that option.',
  },
]

/** Whether Node itself was told to do what must not happen. `flags` are the options Node was started with. */
export function findDangers(env: Variables, flags: readonly string[]): Problem[] {
  return DANGERS.flatMap(({ variable, pattern, what, remedy }) => {
    const values = [env[variable] ?? '', ...(variable === 'NODE_OPTIONS' ? flags : [])]
    return values.some((value) => pattern.test(value)) ? [{ path: variable, what, remedy }] : []
  })
}
