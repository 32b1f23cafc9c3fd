/** What a field of a rule must be, and the words for it. */
export type FaultField = readonly [accepts: (value: unknown) => boolean, must: string]

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

export const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

const isWhole = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && Number(value) >= least

export const yesOrNo: FaultField = [(value) => typeof value === 'boolean', 'true or false']
export const text: FaultField = [isText, 'text']
export const amount: FaultField = [isAmount, '0 or a positive number']
export const share: FaultField = [(value) => isAmount(value) && value <= 1, 'a number from 0 to 1']
export const count: FaultField = [(value) => isWhole(value, 1), 'a whole number of 1 or more']
export const number: FaultField = [(value) => typeof value === 'number' && Number.isFinite(value), 'a number']
export const textOrNumber: FaultField = [(value) => text[0](value) || number[0](value), 'text or a number']
export const anything: FaultField = [() => true, 'any JSON']

/** One of these words or numbers. */
export function oneOf(values: readonly (string | number)[]): FaultField {
  // Whatever was given, it can be looked for.
  return [(value) => values.includes(value as string | number), values.join(', ')]
}

/** One, or a list of at least one. */
export function oneOrMore([accepts, must]: FaultField): FaultField {
  return [
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(accepts) : accepts(value)),
    `${must}, or a list`,
  ]
}
