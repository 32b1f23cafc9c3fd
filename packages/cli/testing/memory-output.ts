import type { Output } from '../src/terminal.ts'

/** An output that keeps what is written to it. */
export interface MemoryOutput extends Output {
  readonly text: string
  /** As a terminal does when its window changes. */
  resize(columns: number, rows: number): void
}

/** A terminal of 100 by 30, or a pipe. */
export function memoryOutput({ isTTY = false } = {}): MemoryOutput {
  const listeners = new Set<() => void>()
  const output = {
    text: '',
    isTTY,
    columns: 100,
    rows: 30,
    write(text: string) {
      output.text += text
    },
    onResize(resized: () => void) {
      listeners.add(resized)
      return () => listeners.delete(resized)
    },
    onExit: () => () => undefined,
    resize(columns: number, rows: number) {
      Object.assign(output, { columns, rows })
      for (const resized of listeners) resized()
    },
  }
  return output
}
