/** Pictures on file: patients' photos, driver's licenses and insurance cards, as base64 text. */
import { practicePart } from './practice-part.ts'

export interface ImageKey {
  readonly kind: 'photo' | 'driverslicense' | 'insurancecard'
  /** Id of the patient, or of the insurance. */
  readonly owner: string
}

/** Largest picture in base64 characters: 20 MB, what athenahealth recommends for attachments. */
export const imageCharactersMax = 28_000_000

/** Pictures by kind and owner. The seed makes none: every one was written. */
const imageTable = practicePart<Map<string, string>>(() => new Map())

type State = Parameters<typeof imageTable>[0]

const keyOf = ({ kind, owner }: ImageKey): string => `${kind} ${owner}`

export function hasImage(state: State, key: ImageKey): boolean {
  return imageTable(state).has(keyOf(key))
}

export function imageOf(state: State, key: ImageKey): string | undefined {
  return imageTable(state).get(keyOf(key))
}

export function setImage(state: State, key: ImageKey, image: string): void {
  imageTable(state).set(keyOf(key), image)
}

/** Answers whether there was one. */
export function removeImage(state: State, key: ImageKey): boolean {
  return imageTable(state).delete(keyOf(key))
}

/**
 * Base64 text in its plain form, undefined when it is none or too large. A form that was not encoded turned every plus
 * into a space, and line breaks do not count.
 */
export function plainBase64(text: string): string | undefined {
  if (text.length > imageCharactersMax) return undefined
  const plain = text
    .trim()
    .replaceAll(' ', '+')
    .replaceAll(/[\r\n]/g, '')
  const isBase64 = plain.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(plain)
  return isBase64 ? plain : undefined
}
