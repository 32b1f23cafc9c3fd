import { readJson } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'

/** What an answer holds, read as the client has read it before: as sent, also of numbers. Undefined where it is empty. */
export function answerValue(raw: string): unknown {
  const json = readJson(raw)
  if (json.ok) return json.value
  if (json.form === 'empty') return undefined
  throw new AegisError('internal.unexpected', { form: json.form })
}
