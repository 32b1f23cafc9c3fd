/** Writes the reference pages from the tables that the program itself uses. `npm run docs`; a test finds stale ones. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fidelityPage } from '../packages/simulator/scripts/fidelity/fidelity-page.ts'
import { configReference, type SettingReference } from '../packages/server/src/config/config-reference.ts'
import type { ErrorEntry } from '../packages/server/src/errors/error-entry.ts'
import { errorTable } from '../packages/server/src/errors/error-table.ts'
import { type AlarmEntry, alarmTable } from '../packages/server/src/ops/alarm-table.ts'
import { metricTable } from '../packages/server/src/ops/metric-table.ts'
import { clientPage } from './reference/client-page.ts'

/** Every generated page by its path in the repository. */
export function referencePages(): Map<string, string> {
  return new Map([
    ['docs/reference/alarms.md', alarmsPage()],
    ['docs/reference/client.md', clientPage()],
    ['docs/reference/configuration.md', configurationPage(configReference())],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/simulator-fidelity.md', fidelityPage()],
    ['docs/reference/errors.md', errorsPage(Object.entries(errorTable).sort(([a], [b]) => a.localeCompare(b, 'en')))],
  ])
}

function configurationPage(settings: readonly SettingReference[]): string {
  const head = `# Configuration

Settings stand in \`aegis.yaml\`, nested at the dots. Where a variable is named, it may be given in the environment too, which
wins over the file. A setting without a default has to be given. Durations are written \`500ms\`, \`90s\`, \`15m\`, \`1h30m\`, \`2d\`.
\`aegis config print\` shows what is in force; \`aegis config check\` reports every mistake at once.
`
  return `${head}\n${settings.map(settingEntry).join('\n')}`
}

function settingEntry({ path, doc, give, variable, fallback }: SettingReference): string {
  const facts = [
    `Takes: ${give}.`,
    fallback === undefined ? 'Has to be given.' : `Default: ${fallback}.`,
    variable && `Variable: \`${variable}\`.`,
  ]
  return `### \`${path}\`\n\n${doc}\n\n${facts.filter(Boolean).join(' ')}\n`
}

function errorsPage(entries: readonly (readonly [code: string, entry: ErrorEntry])[]): string {
  const head = `# Errors

What the server throws, logs and answers, by code. Callers see the status and the title; the remedy is for the operator.

| Code | Status | Title | Remedy |
|---|---|---|---|
`
  const rows = entries.map(([code, { status, title, remedy }]) => {
    const cells = [`\`${code}\``, String(status), title, remedy]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  })
  return head + rows.join('')
}

function alarmsPage(): string {
  const head = `# Alarms

What \`aegis status\` alarms of, by code; each alarm says besides where it is and what is so. Many an [error](errors.md) is an alarm
too, under its own code. Exit code 1 of \`aegis status\` means that one of them is an error.

| Code | Means | Remedy |
|---|---|---|
`
  const entries: [string, AlarmEntry][] = Object.entries(alarmTable)
  const rows = entries.map(([code, { means, remedy }]) => {
    const cells = [`\`${code}\``, means, remedy]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  })
  return head + rows.join('')
}

function metricsPage(): string {
  const head = `# Metrics

The facts of \`aegis status\` and a few more, as OpenMetrics text at \`GET /aegis/v1/metrics\` of each process, for Prometheus.
It asks for the token of the instance (\`run/instance.json\` in its home, new with every start), as everything there does but
health. Labels are ids of practices, names and states; nothing is about a patient. What is not said to be of one process is
read from the database and the same from each: scrape one of several, or take the maximum. Once or twice a minute is often
enough.

| Metric | Type | Labels | Means |
|---|---|---|---|
`
  const rows = metricTable.map(({ name, type, labels, help }) => {
    const shown = labels.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${type} | ${shown} | ${help} |\n`
  })
  return head + rows.join('')
}

if (import.meta.main) {
  for (const [path, text] of referencePages()) {
    const file = join(import.meta.dirname, '..', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(path)
  }
}
