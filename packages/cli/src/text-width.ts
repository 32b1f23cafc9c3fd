const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Characters that terminals give two columns: East Asian wide ones and pictures. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})/u

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  if (isPlain(text)) return text.length
  return characters(text).reduce((sum, char) => sum + widthOfCharacter(char), 0)
}

/** As much of the beginning of a text as fits into so many columns. */
export function cutToWidth(text: string, columns: number): string {
  if (isPlain(text)) return text.slice(0, Math.max(0, columns))
  let left = columns
  const fitting: string[] = []
  for (const char of characters(text)) {
    left -= widthOfCharacter(char)
    if (left < 0) break
    fitting.push(char)
  }
  return fitting.join('')
}

/**
 * The text without what a terminal would obey instead of showing: control characters, escape sequences, marks that turn
 * the direction of writing. Each becomes a visible `\u{…}`.
 */
export function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u{${char.charCodeAt(0).toString(16)}}`
  })
}

/** The characters of a text as a reader counts them. */
export function characters(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

function widthOfCharacter(char: string): number {
  return WIDE.test(char) ? 2 : 1
}
