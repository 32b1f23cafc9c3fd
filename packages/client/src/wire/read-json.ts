/** Deeper than this is no answer of athenahealth's; code that walks the value must not run out of stack. */
const DEPTH_MAX = 64
/** Values in one body: ten times a full page of 5,000 records with 60 fields. */
const VALUES_MAX = 3_000_000

export type JsonText = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly form: BodyForm }

/** What a body that is not usable JSON looks like. */
export type BodyForm = 'empty' | 'html' | 'text' | 'oversized'

/**
 * Reads a body. athenahealth's bodies may start with a byte order mark or blank lines; its gateway answers in HTML or
 * plain text. Never throws and never quotes the text. `__proto__` members are dropped.
 */
export function readJson(text: string): JsonText {
  const body = trimBody(text)
  if (body === '') return { ok: false, form: 'empty' }
  try {
    const value: unknown = JSON.parse(body)
    return withinLimits(value) ? { ok: true, value } : { ok: false, form: 'oversized' }
  } catch {
    return { ok: false, form: body.startsWith('<') ? 'html' : 'text' }
  }
}

/** The text without byte order mark and white space around it. */
export function trimBody(text: string): string {
  return text.replace(/^[\uFEFF\s]+/, '').trimEnd()
}

function withinLimits(root: unknown): boolean {
  let level: object[] = isObject(root) ? [root] : []
  let values = level.length
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return false
    const next: object[] = []
    for (const node of level) {
      if (!Array.isArray(node) && Object.hasOwn(node, '__proto__')) Reflect.deleteProperty(node, '__proto__')
      const children: unknown[] = Array.isArray(node) ? node : Object.values(node)
      values += children.length
      if (values > VALUES_MAX) return false
      for (const child of children) if (isObject(child)) next.push(child)
    }
    level = next
  }
  return true
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
