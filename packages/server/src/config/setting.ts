import { z } from 'zod'
import { formatDuration, parseDuration } from '../clock/duration.ts'

/** What a setting means to the people who set it: the source of the reference page, of remedies and of `config print`. */
export interface SettingDoc {
  /** What it does, in sentences. */
  readonly doc: string
  /** The environment variable that sets it as well. */
  readonly env?: string
  /** How the default reads, where it is not one value. */
  readonly fallback?: string
}

/** How values of a kind are asked for and read from an environment variable. */
export interface SettingKind {
  /** Completes "Give …". */
  readonly give: string
  /** The value that the text of a variable stands for; a text that stands for none is returned as it is and refused. */
  fromText(text: string): unknown
  /** Whether a wrong value may be repeated in a message: a text could be anything, even a secret in the wrong place. */
  readonly showable: boolean
  /** The value as it would be written in the file, where that is not the value itself. */
  readonly write?: (value: unknown) => unknown
}

const docs = new WeakMap<z.ZodType, SettingDoc>()
const kinds = new WeakMap<z.ZodType, SettingKind>()

/** Attaches what there is to say to the schema of one setting. */
export function setting<S extends z.ZodType>(schema: S, doc: SettingDoc): S {
  docs.set(schema, doc)
  return schema
}

/** What `setting` attached. */
export function docOf(schema: z.ZodType): SettingDoc | undefined {
  return docs.get(schema)
}

/** The kind of a setting's values, looked up below its default. */
export function kindOf(schema: z.ZodType): SettingKind | undefined {
  for (let inner: z.ZodType | undefined = schema; inner; inner = innerOf(inner)) {
    const kind = kinds.get(inner)
    if (kind) return kind
  }
  return undefined
}

/** The default as it could be written in the file; undefined when there is none. */
export function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? schema.def.defaultValue : undefined
}

/** Whether the setting has to be given. */
export function isRequired(schema: z.ZodType): boolean {
  return defaultOf(schema) === undefined && !(schema instanceof z.ZodOptional)
}

function innerOf(schema: z.ZodType): z.ZodType | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    // zod types the inner schema by its core class; every schema made here is a full one.
    return schema.def.innerType as z.ZodType
  }
  return undefined
}

function kind<S extends z.ZodType>(schema: S, of: SettingKind): S {
  kinds.set(schema, of)
  return schema
}

const asText = (text: string): unknown => text
const asNumber = (text: string): unknown => (/^-?\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : text)
const asList = (text: string): string[] => text.split(',').map((item) => item.trim())
const figure = (value: number) => value.toLocaleString('en-US')

/** A whole number within bounds. */
export function wholeNumber({ min, max }: { min: number; max: number }) {
  const give = `a whole number from ${figure(min)} to ${figure(max)}`
  return kind(z.int().min(min).max(max), { give, fromText: asNumber, showable: true })
}

/** A number, perhaps with a fraction, within bounds. */
export function decimal({ min, max }: { min: number; max: number }) {
  const give = `a number from ${figure(min)} to ${figure(max)}`
  return kind(z.number().min(min).max(max), { give, fromText: asNumber, showable: true })
}

/** One of a few words. */
export function oneOf<const W extends readonly [string, ...string[]]>(words: W) {
  const give = `one of ${words.join(', ')}`
  return kind(z.enum(words), { give, fromText: (text) => text.trim(), showable: true })
}

/** A list of different words out of some. */
export function someOf<const W extends readonly [string, ...string[]]>(words: W) {
  const give = `a list of any of ${words.join(', ')}, each once`
  const different = (list: readonly string[]) => new Set(list).size === list.length
  const schema = z.array(z.enum(words)).refine(different, { message: 'one stands there twice' })
  const fromText = (text: string) => asList(text).filter((item) => item !== '')
  return kind(schema, { give, fromText, showable: true })
}

/** Yes or no. */
export function flag() {
  const fromText = (text: string) => ({ true: true, false: false })[text.trim().toLowerCase()] ?? text
  return kind(z.boolean(), { give: 'true or false', fromText, showable: true })
}

/** A text of one line; `give` says of what. */
export function line(give: string, pattern = /^\S(?:.*\S)?$/) {
  return kind(z.string().max(4_096).regex(pattern), { give, fromText: asText, showable: false })
}

/** A duration, as '15m' or as milliseconds; the value is in milliseconds. */
export function duration({ min, max }: { min: string; max: string }) {
  const give = `a duration from ${min} to ${max}, such as 90s, 15m or 1h30m (a plain number is in milliseconds)`
  const [minMs = 0, maxMs = 0] = [parseDuration(min), parseDuration(max)]
  const schema = z.union([z.string(), z.number()]).transform((value, context) => {
    const ms = parseDuration(value)
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms
    context.addIssue({ code: 'custom', message: 'not such a duration' })
    return z.NEVER
  })
  const write = (value: unknown) => (typeof value === 'number' ? formatDuration(value) : value)
  return kind(schema, { give, fromText: asText, showable: true, write })
}

/** A list of texts of one line. */
export function lines(give: string) {
  const item = z.string().max(256).regex(/^\S+$/)
  return kind(z.array(item).max(1_000), { give, fromText: asList, showable: false })
}

/** A list of different whole numbers above zero, at least one. */
export function wholeNumbers(give: string) {
  const different = (list: number[]) => new Set(list).size === list.length
  const schema = z
    .array(z.int().min(1).max(2_147_483_647))
    .min(1)
    .max(10_000)
    .refine(different, { message: 'one stands there twice' })
  const fromText = (text: string) => asList(text).map(asNumber)
  return kind(schema, { give, fromText, showable: true })
}

/** Whatever `schema` takes; `give` says what that is. */
export function kindOfItsOwn<S extends z.ZodType>(schema: S, give: string): S {
  return kind(schema, { give, fromText: asText, showable: true })
}
