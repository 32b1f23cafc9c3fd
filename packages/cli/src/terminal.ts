/** What a command sees of the world around it; the entry file hands in the real one, tests their own. */
export interface Terminal {
  readonly out: Output
  readonly err: Output
  readonly input: Input
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Who runs the command, for the audit of what is opened. */
  readonly userName: string
  /** Calls `asked` each time the user or the system asks the command to end; returns what takes that back. */
  readonly onStop: (asked: (signal: StopSignal) => void) => () => void
  /** Ends the process at once. */
  readonly exit: (code: number) => void
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Standard input. */
export interface Input {
  readonly isTTY: boolean
  /** Everything up to its end. */
  read(): Promise<string>
}

/** A stream that text is written to. */
export interface Output {
  readonly write: (text: string) => void
  readonly isTTY: boolean
  readonly columns: number
  readonly rows: number
  /** Calls `resized` when the terminal changes its size; returns what takes that back. */
  readonly onResize: (resized: () => void) => () => void
  /** Calls `ended` when the process ends without having said so; returns what takes that back. */
  readonly onExit: (ended: () => void) => () => void
}

/** Whether colours are wanted: on a terminal, unless NO_COLOR is set (no-color.org) or it can show none. */
export function wantsColor(output: Output, env: Terminal['env']): boolean {
  return output.isTTY && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** Whether the terminal shows more than ASCII, as its locale says; one that says nothing does today. */
export function showsUnicode(env: Terminal['env']): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return env.TERM !== 'linux' && (locale === '' || /utf-?8/i.test(locale))
}
