import { errorTable } from '../errors/error-table.ts'
import type { StandingError } from '../errors/standing-error.ts'
import { inWords } from './explain-feed.ts'
import type { Alarm } from './status-report.ts'

/** What fails in this process just now, with its remedy: a warning while something of before does instead (pure). */
export function standingAlarms(standing: readonly StandingError[]): Alarm[] {
  return standing.map(({ error, forMs, servesMs = 0 }) => {
    const { title, remedy } = errorTable[error.code]
    const detail = Object.entries(error.detail).map(([name, value]) => `${name}: ${value}`)
    const why = detail.length > 0 ? ` (${detail.join(', ')})` : ''
    const serves =
      Number.isFinite(servesMs) && servesMs > 0 ? `; what is at hand serves for ${inWords(servesMs)} more` : ''
    const message = `${title}${why}, for ${inWords(forMs)}${serves}.`
    return { level: servesMs > 0 ? 'warning' : 'error', code: error.code, message, remedy }
  })
}
