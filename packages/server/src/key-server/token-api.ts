import { z } from 'zod'

/** What another process of the installation asks the key server. */
export const tokenAsk = z.strictObject({
  environment: z.enum(['preview', 'production', 'local']),
  clientId: z.string().min(1).max(200),
  scope: z.string().min(1).max(4_096),
  /** Those that the calls will be for. */
  practices: z.array(z.int().min(1).max(2_147_483_647)).max(10_000),
  /** One of a later generation is wanted, because athenahealth refused this one. */
  newerThan: z.int().min(0).optional(),
  /**
   * The generation at hand that serves: while it is the right one, its value is not sent again. With it the question is
   * answered at once, also when there is no token just now.
   */
  held: z.int().min(0).optional(),
})
export type TokenAsk = z.output<typeof tokenAsk>

export const tokenLease = z.object({
  generation: z.int().min(0),
  /** Absent: the one at hand. */
  value: z.string().min(1).optional(),
  /** How long it lives on: the clocks of two machines need not agree. */
  leftMs: z.number().min(0),
})
export type TokenLease = z.output<typeof tokenLease>

export const tokenPath = '/aegis/v1/token'
