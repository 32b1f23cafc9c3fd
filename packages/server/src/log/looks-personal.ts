/** What the types should have kept out; a pattern that fires here means that a declaration somewhere is wrong. */
const PATTERNS: readonly RegExp[] = [
  /(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)/, // social security number
  /(?<!\d)\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)/, // telephone number
  /(?<!\d)(?:0[1-9]|1[0-2])\/(?:0[1-9]|[12]\d|3[01])\/(?:19|20)\d{2}(?!\d)/, // date as athenahealth writes it
  /[^\s@]+@[^\s@]+\.[a-z]{2,}/i, // e-mail address
]

/** No id, code or state is longer; a sentence is. */
const TEXT_LENGTH_MAX = 200
const DEPTH_MAX = 4

/** Whether a value to be logged holds a text that looks like a person's data. */
export function looksPersonal(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.length > TEXT_LENGTH_MAX || PATTERNS.some((one) => one.test(value))
  if (typeof value !== 'object' || value === null) return false
  return depth > DEPTH_MAX || Object.values(value).some((item) => looksPersonal(item, depth + 1))
}
