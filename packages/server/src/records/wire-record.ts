/** A record as the client decoded it: athenahealth's field names, unknown fields kept. */
export type WireRecord = Readonly<Record<string, unknown>>

/** JSON text with keys sorted at every level: equal records give equal texts, whatever order upstream sent. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const parts = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => `${JSON.stringify(name)}:${canonicalText(item)}`)
  return `{${parts.join(',')}}`
}
