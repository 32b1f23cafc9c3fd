/** `/misc/properjsonencoding`: an app chooses how booleans and numbers are sent to it. */
import type { Route } from '../route.ts'
import { ok, success } from '../server/reply.ts'
import type { Encoding } from './app-options.ts'

export interface AppEncodings {
  encodingOf(clientId: string): Encoding
  setEncoding(clientId: string, encoding: Encoding): void
}

const path = '/misc/properjsonencoding'

/**
 * The setting belongs to the app, not to the practice in the path (documented). The field of GET is a guess; so is that
 * the answer to a change comes in the new encoding.
 */
export function encodingRoutes(encodings: AppEncodings): readonly Route[] {
  return [
    {
      method: 'GET',
      path,
      handle: ({ app }) => ok({ properjsonencoding: encodings.encodingOf(app.clientId) === 'typed' }),
    },
    {
      method: 'POST',
      path,
      handle({ app }) {
        encodings.setEncoding(app.clientId, 'typed')
        return success()
      },
    },
    {
      method: 'DELETE',
      path,
      handle({ app }) {
        encodings.setEncoding(app.clientId, 'string')
        return success()
      },
    },
  ]
}
