import { isProduction, packageOf } from './places.ts'
import { type Breach, breachAt, type Rule } from './rule.ts'
import type { SourceText } from './source-text.ts'

/** The files that turn the environment into configuration: one per program. */
const READS_ENVIRONMENT = /^packages\/(?:server\/src\/config|cli\/src\/main|simulator\/src\/main)\.ts$/

/** Where the machine's clock and randomness enter each package. */
const CLOCK_FILES = /^packages\/(?:server|client|simulator)\/src\/(?:clock\/[^/]+|clock|random)\.ts$/

/** Where `fetch` is undici's, over connections that are given to it. */
const OWN_CONNECTIONS = /^packages\/server\/src\/(?:egress\/direct-fetch|upstream\/connections)\.ts$/

const isTimed = (path: string) => isProduction(path) && /^(?:server|client|simulator)$/.test(packageOf(path) ?? '')

interface Ban {
  readonly pattern: RegExp
  readonly where: (path: string) => boolean
  readonly message: string
}

/** Words that may not stand in code (comments and strings are not looked at). */
const BANS: readonly Ban[] = [
  {
    pattern: /\bprocess\.env\b|\bprocess\[/g,
    where: (path) => isProduction(path) && !READS_ENVIRONMENT.test(path),
    message: 'the environment is read in one file per program (the server: config.ts)',
  },
  {
    pattern:
      /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\b(?:setTimeout|setInterval|setImmediate)\s*\(|\brandomUUID\b|\bAbortSignal\.timeout\b|\bperformance\.now\b|\bprocess\.hrtime\b/g,
    where: (path) => isTimed(path) && !CLOCK_FILES.test(path),
    message: 'time and randomness are inputs: take a clock or a random as an argument',
  },
  {
    pattern: /(?<![.\w]|\bfunction\s+)fetch\s*\(|(?<!\btypeof\s+)\bglobalThis\.fetch\b/g,
    where: (path) =>
      isProduction(path) && /^(?:server|cli)$/.test(packageOf(path) ?? '') && !OWN_CONNECTIONS.test(path),
    message: "the runtime's fetch may go through a proxy: take directFetch, or connections of your own",
  },
  {
    pattern: /\bmock\s*\.\s*module\b|\b(?:vi|jest)\s*\.\s*(?:mock|doMock)\b/g,
    where: () => true,
    message: 'no module mocks: use the real thing, or pass what varies as an argument',
  },
  {
    pattern:
      /\b(?:test|it|describe|suite|t)\s*\.\s*(?:skip|only|todo)\b|\b(?:only|todo)\s*:\s*(?:true\b|['"`])|\bskip\s*:/g,
    where: (path) => path.endsWith('.test.ts'),
    message: 'a test runs, always: no skip, only or todo',
  },
]

/** Imports that would bring in what BANS keeps out. */
const TIMER_MODULES = /^node:timers(?:\/promises)?$/

export const bannedCode: Rule = ({ sources }) => sources.flatMap((source) => [...bans(source), ...timers(source)])

function bans(source: SourceText): Breach[] {
  return BANS.filter((ban) => ban.where(source.path)).flatMap((ban) =>
    [...source.code.matchAll(ban.pattern)].map((match) => breachAt(source, match.index, ban.message)),
  )
}

function timers(source: SourceText): Breach[] {
  if (!isTimed(source.path) || CLOCK_FILES.test(source.path)) return []
  return source.imports
    .filter((wanted) => TIMER_MODULES.test(wanted.specifier))
    .map((wanted) => breachAt(source, wanted.offset, 'time is an input: take a clock as an argument'))
}

/** The linter is overruled only where it is wrong, with the reason beside it; the house's sizes never. */
export const reasonedSuppressions: Rule = ({ sources }) =>
  sources.flatMap((source) =>
    source.comments.flatMap(({ start, text }) => {
      const message = suppressionBreach(text)
      return message ? [breachAt(source, start, message)] : []
    }),
  )

function suppressionBreach(comment: string): string | undefined {
  if (/^\/\/\s*@ts-(?:ignore|nocheck)/.test(comment))
    return 'the compiler is not silenced: use @ts-expect-error and say why'
  const disable = /\b(?:ox|es)lint-disable(?:-next-line|-line)?\b(.*)/.exec(comment)?.[1]
  if (disable === undefined) return undefined
  if (/max-|complexity|no-explicit-any|no-default-export/.test(disable))
    return 'the sizes of the house have no exceptions'
  return / -- \S/.test(disable)
    ? undefined
    : 'say why the linter is wrong here: `oxlint-disable-next-line rule -- reason`'
}

/** Work that is not done is not hidden in a comment. */
export const noLeftovers: Rule = ({ sources }) =>
  sources.flatMap((source) =>
    source.comments
      .filter(({ text }) => /\b(?:TODO|FIXME|XXX|HACK)\b/.test(text))
      .map(({ start }) => breachAt(source, start, 'finish it, or open an issue: no reminders in the code')),
  )
