import type { z } from 'zod'
import { AegisError } from '../errors/aegis-error.ts'

/** The body, or `http.malformed-request` with the names of the fields that are wrong. */
export function parsed<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const fields = result.error.issues.map(({ path }) => path.join('.') || 'the body')
  throw new AegisError('http.malformed-request', { fields: [...new Set(fields)].join(', ') })
}
