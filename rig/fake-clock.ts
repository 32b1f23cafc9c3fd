import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { FaultUnavailable } from './fault-run.ts'

/** The wall clock that a process sees. Timers go on as they do: they count by another clock. */
export interface FakeClock {
  /** Variables of the process that is to see it. */
  readonly env: Readonly<Record<string, string>>
  /** So many seconds beside the machine's. */
  step(seconds: number): void
  /** Stands still at what it is now. */
  freeze(): void
}

/** A clock told by a file, or says what is missing for it: libfaketime, of the program `faketime`. */
export function fakeClock(file: string): FakeClock {
  const step = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  step(0)
  return {
    env: {
      LD_PRELOAD: findLibrary(),
      FAKETIME_TIMESTAMP_FILE: file,
      // Seconds since the epoch, for the clock that stands still.
      FAKETIME_FMT: '%s',
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    step,
    freeze: () => writeFileSync(file, `${Math.floor(Date.now() / 1_000)}\n`),
  }
}

/** Where it is differs from system to system; the program knows. */
function findLibrary(): string {
  try {
    return execFileSync('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'], {
      stdio: 'pipe',
      encoding: 'utf8',
    }).trim()
  } catch {
    throw new FaultUnavailable('the program "faketime" is not installed; run: apt-get install -y faketime')
  }
}
