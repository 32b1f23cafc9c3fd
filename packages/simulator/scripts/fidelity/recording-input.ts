import type { Input, Part } from '../../src/route.ts'

/** What a handler asked a request for, by name in lower case; `*` when it went through all fields. */
export type Asked = Set<string>

/** An input that notes what it is asked for. */
export function recordingInput(input: Input, asked: Asked): Input {
  return {
    text(name): string | undefined {
      asked.add(name)
      return input.text(name)
    },
    list(name): readonly string[] {
      asked.add(name)
      return input.list(name)
    },
    flag(name, fallback): boolean {
      asked.add(name)
      return input.flag(name, fallback)
    },
    integer(name): number | undefined {
      asked.add(name)
      return input.integer(name)
    },
    part(name): Part | undefined {
      asked.add(name)
      return input.part(name)
    },
    get entries() {
      asked.add('*')
      return input.entries
    },
  }
}
