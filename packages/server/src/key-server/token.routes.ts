import { AegisError } from '../errors/aegis-error.ts'
import type { Routes } from '../http/http-app.ts'
import { peerClass } from '../http/peer-class.ts'
import type { ServiceNames } from '../http/service-server.ts'
import { tokenAsk, tokenPath } from './token-api.ts'
import type { TokenBroker } from './token-broker.ts'

/** The one thing that other processes of the installation may ask the key server for. */
export function tokenRoutes(broker: TokenBroker): (names: ServiceNames) => Routes {
  return (names) => (app) => {
    app.post(tokenPath, (request) => {
      const ask = tokenAsk.safeParse(request.body)
      if (!ask.success) throw new AegisError('http.malformed-request')
      return broker.issue({ names: names(request), peer: peerClass(request.raw.socket.remoteAddress) }, ask.data)
    })
  }
}
