import { type Breach, breachAt, type Rule } from './rule.ts'

/** A file longer than this holds two ideas. */
const LINES_MAX = 400

const CODE_FILE = /\.(?:ts|tsx|js|mjs|sql)$/

export const fileSize: Rule = ({ files }) =>
  [...files].flatMap(([path, text]): Breach[] => {
    if (!CODE_FILE.test(path)) return []
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    if (lines <= LINES_MAX) return []
    return [{ path, line: LINES_MAX + 1, message: `${lines} lines; a file has at most ${LINES_MAX}` }]
  })

/** A name that says where code sits but not what it does. */
const DUMPING_GROUND =
  /(?:^|[/.-])(?:utils?|helpers?|common|shared|misc|managers?|services?|index)(?:\.[a-z]+)*(?:\/|$)/

const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/

/** Files are named for what they do, in kebab-case, so that a path can be guessed. */
export const fileNames: Rule = ({ files }) =>
  [...files.keys()].flatMap((path): Breach[] => {
    if (!/\.(?:ts|tsx|js|mjs)$/.test(path) || /^packages\/[^/]+\/src\/index\.ts$/.test(path)) return []
    if (DUMPING_GROUND.test(path)) return [{ path, line: 1, message: 'name the file after what it does' }]
    if (KEBAB_CASE.test(path.slice(path.lastIndexOf('/') + 1))) return []
    return [{ path, line: 1, message: 'file names are in kebab-case' }]
  })

interface Smell {
  readonly pattern: RegExp
  readonly message: string
}

/** What no text of the repository holds, code or prose. */
const SMELLS: readonly Smell[] = [
  {
    pattern: /(?<![\w.~/-])\/(?:work|root|tmp\/work|tmp\/bash_jobs)\/|\bshared\/(?:facts|design|requirements|hooks)\b/g,
    message: 'a path of one machine',
  },
  {
    pattern: /\bsub-?agents?\b|\bcl[a]ude\b|\bchatg[p]t\b|\blanguage m[o]del\b/gi,
    message: 'the project speaks only of itself',
  },
  {
    pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*\\?n?[A-Za-z0-9+/]{16}/g,
    message: 'a private key',
  },
  {
    pattern:
      /\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|npm_[A-Za-z0-9]{36}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})/g,
    message: 'a credential',
  },
  {
    pattern:
      /(?:secret|password|passwd|token|api_?key|credential)\w*['"]?\s*[:=]\s*['"`](?=[^'"`]*\d)(?=[^'"`]*[A-Za-z])[A-Za-z0-9+/_=-]{20,}['"`]/gi,
    message: 'what looks like a secret: generate it, or read it from a file',
  },
  {
    pattern: /(?<![\w-])(?!987-65-43\d\d)(?!000-00-0000)\d{3}-\d{2}-\d{4}(?![\w-])/g,
    message: 'a social security number outside 987-65-43xx, the range of invented ones',
  },
  {
    pattern: /(?<![\w.-])\(?\d{3}\)?[-. ](?!555-01\d\d)\d{3}-\d{4}(?![\w-])/g,
    message: 'a telephone number outside 555-01xx, the range of invented ones',
  },
  {
    pattern:
      /[\w.+-]+@(?!(?:[\w-]+\.)*(?:example|invalid|test|internal|localhost)\b)(?!(?:[\w-]+\.)*example\.(?:com|org|net)\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b/gi,
    message: 'an e-mail address outside example.com',
  },
]

/** Nothing of one machine, no secret and no real person stands in the repository. */
export const cleanTexts: Rule = ({ files }) =>
  [...files].flatMap(([path, text]) =>
    SMELLS.flatMap((smell) =>
      [...text.matchAll(smell.pattern)].map((match) => breachAt({ path, text }, match.index, smell.message)),
    ),
  )
