/** Deeper than this is no answer of athenahealth's; code that walks the value must not run out of stack. */
const DEPTH_MAX = 64
/** Values in one body: ten times a full page of 5,000 records with 60 fields. */
const VALUES_MAX = 3_000_000

/** A body as JSON, or what it looks like instead. */
export type JsonText = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly form: BodyForm }

/** What a body that is not usable JSON looks like. */
export type BodyForm = 'empty' | 'html' | 'text' | 'oversized'

/**
 * Reads a body. athenahealth's bodies may start with a byte order mark or blank lines; its gateway answers in HTML or
 * plain text. Never throws and never quotes the text. `__proto__` members are dropped. A number beyond the integers that are
 * exact here is read as text, digit by digit as it was sent: rounded it would be another number, and two of them the same.
 */
export function readJson(text: string): JsonText {
  const body = trimBody(text)
  if (body === '') return { ok: false, form: 'empty' }
  try {
    const value: unknown = JSON.parse(body)
    const found = lookThrough([value])
    if (found === 'oversized') return { ok: false, form: found }
    // There are none in what athenahealth usually sends, and to look for them in the text would take time for each body.
    return found === 'rounded' ? readJson(largeNumbersAsText(body)) : { ok: true, value }
  } catch {
    return { ok: false, form: body.startsWith('<') ? 'html' : 'text' }
  }
}

/** The text without byte order mark and white space around it. */
export function trimBody(text: string): string {
  return text.replace(/^[\uFEFF\s]+/, '').trimEnd()
}

/** Escapes, borders of texts, and all that looks like a number: in short pieces, since a text may be long. */
const pieces = /\\.|"|-?\d[\d.eE+-]*/g

function largeNumbersAsText(body: string): string {
  let inText = false
  return body.replace(pieces, (piece) => {
    if (piece === '"') inText = !inText
    return !inText && isRounded(Number(piece)) ? `"${piece}"` : piece
  })
}

/** Whether a number may not be the one that was written. */
function isRounded(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
}

function lookThrough(root: readonly [unknown]): 'fine' | 'oversized' | 'rounded' {
  let level: object[] = [root]
  let values = 0
  let rounded = false
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return 'oversized'
    const next: object[] = []
    for (const node of level) {
      if (!Array.isArray(node) && Object.hasOwn(node, '__proto__')) Reflect.deleteProperty(node, '__proto__')
      const children: unknown[] = Array.isArray(node) ? node : Object.values(node)
      values += children.length
      if (values > VALUES_MAX) return 'oversized'
      for (const child of children) {
        if (isObject(child)) next.push(child)
        else if (isRounded(child)) rounded = true
      }
    }
    level = next
  }
  return rounded ? 'rounded' : 'fine'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
