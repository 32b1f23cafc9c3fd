import { type Metric, type MetricFacts, metricTable, type Sample } from './metric-table.ts'

/** The type of what `renderMetrics` writes. */
export const metricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** The metrics as OpenMetrics text, which Prometheus reads. Pure. */
export function renderMetrics(facts: MetricFacts): string {
  const lines = metricTable.flatMap((metric) => familyLines(metric, metric.samples(facts)))
  return `${lines.join('\n')}\n# EOF\n`
}

function familyLines({ name, type, help }: Metric, samples: readonly Sample[]): string[] {
  // A family is named without the ending of its samples: those of a counter end in _total, of an info in _info.
  const isInfo = name.endsWith('_info')
  const family = isInfo ? name.slice(0, -'_info'.length) : type === 'counter' ? name.slice(0, -'_total'.length) : name
  const head = [`# TYPE ${family} ${isInfo ? 'info' : type}`, `# HELP ${family} ${escaped(help)}`]
  return [...head, ...samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`)]
}

function labelText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
