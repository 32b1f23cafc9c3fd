import type { AegisConfig } from '../../config/aegis-config.ts'
import { changingScopes, scopesOf } from '../../key-server/app-ref.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('configuration')

/**
 * Whether tokens are asked for that could change records (pure): a mirror reads, and a token that is lost opens what its
 * scopes say. Those that do not name records, as the scope of the whole v1 API, are told and left alone: no narrower one is confirmed.
 */
export function checkScopes({ athena }: Pick<AegisConfig, 'athena'>): Finding {
  const changing = changingScopes(athena.scope)
  if (changing.length === 0) return report.ok('scope', harmless(athena.scope))
  const message = `athena.scope has tokens asked for that could change records: ${changing.join(', ')}.`
  return report.warning('scope', message, 'Name only scopes that read, such as system/Patient.read.')
}

function harmless(list: string): string {
  const unjudged = scopesOf(list).filter((scope) => !/^(?:system|user|patient)\//.test(scope))
  if (unjudged.length === 0) return 'The scopes of athena.scope change no records'
  return `No scope of athena.scope names records to be changed; not judged, and it may let records be changed: ${unjudged.join(', ')}`
}
