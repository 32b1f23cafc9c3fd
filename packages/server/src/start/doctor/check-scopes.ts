import type { AegisConfig } from '../../config/aegis-config.ts'
import { changingScopes } from '../../key-server/app-ref.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('configuration')

/**
 * Whether tokens are asked for that could change records (pure): a mirror reads, and a token that is lost opens what its
 * scopes say. The scope of the whole v1 API is left alone: no narrower one is confirmed.
 */
export function checkScopes({ athena }: Pick<AegisConfig, 'athena'>): Finding {
  const changing = changingScopes(athena.scope)
  if (changing.length === 0) return report.ok('scope', 'The scopes of athena.scope change no records')
  const message = `athena.scope has tokens asked for that could change records: ${changing.join(', ')}.`
  return report.warning('scope', message, 'Name only scopes that read, such as system/Patient.read.')
}
