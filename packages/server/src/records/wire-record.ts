/** A record as the client decoded it: athenahealth's field names, unknown fields kept. */
export type WireRecord = Readonly<Record<string, unknown>>

/** Whether a value of a page is a record at all. */
export function isRecord(value: unknown): value is WireRecord {
  return typeof value === 'object' && value !== null
}

/**
 * JSON text with keys sorted at every level: equal records give equal texts, whatever order upstream sent. Written out,
 * because every record that arrives goes through here: sorted pairs, mapped and joined, took two and a half times as long.
 */
export function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return scalarText(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item)).join(',')}]`
  let text = '{'
  for (const name of Object.keys(value).sort()) {
    const item: unknown = Reflect.get(value, name)
    if (item === undefined) continue
    if (text.length > 1) text += ','
    text += quotedName(name)
    text += canonicalText(item)
  }
  return `${text}}`
}

/** Text that stands in JSON as it is: nothing to escape, and no half of a character outside the first plane (RFC 8259, section 7). */
const plainText = /^[ !#-[\]-\uD7FF\uE000-\uFFFF]*$/

/** As `JSON.stringify` writes it, which takes several times as long for a short text. */
function scalarText(value: unknown): string {
  return typeof value === 'string' && plainText.test(value) ? `"${value}"` : (JSON.stringify(value) ?? 'null')
}

/** Names of fields as they stand in JSON text. There are some hundreds; a stray thousand is not remembered. */
const quotedNames = new Map<string, string>()
const quotedNamesMax = 5_000

function quotedName(name: string): string {
  const known = quotedNames.get(name)
  if (known !== undefined) return known
  const quoted = `${JSON.stringify(name)}:`
  if (quotedNames.size < quotedNamesMax) quotedNames.set(name, quoted)
  return quoted
}
