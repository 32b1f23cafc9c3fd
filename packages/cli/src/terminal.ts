/** What a command sees of the world around it; the entry file hands in the real one, tests their own. */
export interface Terminal {
  readonly out: Output
  readonly err: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Who runs the command, for the audit of what is opened. */
  readonly userName: string
  /** Calls `stop` when the user or the system asks the command to end; returns what takes that back. */
  onStop(stop: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}

/** A stream that text is written to. */
export interface Output {
  write(text: string): void
  readonly isTTY: boolean
  readonly columns: number
  readonly rows: number
  /** Calls `resized` when the terminal changes its size; returns what takes that back. */
  onResize(resized: () => void): () => void
  /** Calls `ended` when the process ends without having said so; returns what takes that back. */
  onExit(ended: () => void): () => void
}
