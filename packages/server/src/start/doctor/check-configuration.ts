import { ConfigError } from '../../config/config-error.ts'
import type { ConfigSources, LoadedConfig } from '../../config.ts'
import { loadConfig } from '../../config.ts'
import { checkScopes } from './check-scopes.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('configuration')

export interface ConfigLook {
  readonly findings: readonly Finding[]
  /** Undefined where it has mistakes. */
  readonly loaded: LoadedConfig | undefined
}

/** Reads the configuration and the secrets it names; every mistake is a finding of its own. */
export function lookAtConfiguration(sources: ConfigSources): ConfigLook {
  try {
    const loaded = loadConfig(sources)
    const { config, file, warnings } = loaded
    const { environment, practices, athena } = config
    const count = practices.length === 1 ? `practice ${practices[0]}` : `${practices.length} practices`
    const from = config.demo ? 'the demo' : (file ?? 'the environment alone')
    const isExposed = warnings.some((warning) => warning.startsWith('athena.secretFile'))
    const secret =
      athena.secret && !config.demo && !isExposed
        ? [report.ok('secret', "The app's secret is there, and no more open than this user needs it")]
        : []
    return {
      loaded,
      findings: [
        report.ok('settings', `${from}: ${environment}, ${count} from ${athena.baseUrl}`),
        ...secret,
        checkScopes(config),
        ...warnings.map(warningFinding),
      ],
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) return { findings: [report.fromError('settings', error)], loaded: undefined }
    const findings = error.problems.map(({ path, origin, what, remedy }) => {
      const where = origin !== undefined && origin !== path ? `${path} (${origin})` : path
      return report.failure(path, `${where} ${what}`, remedy)
    })
    return { findings, loaded: undefined }
  }
}

/** A warning says what to do at its end, as a sentence of its own. */
function warningFinding(text: string): Finding {
  const [message = text, command] = text.split(/ (?=Run: )/)
  return report.warning('settings', message, command ?? 'Change it where it was set: "aegis config print" shows where.')
}
