import { z } from 'zod'
import { kindOfItsOwn, line, setting } from './setting.ts'

const serviceGrant = z.strictObject({
  practices: z.union([z.literal('all'), z.array(z.int().min(1).max(2_147_483_647)).min(1).max(10_000)]),
  scopes: z
    .array(z.string().regex(/^\S{1,256}$/))
    .min(1)
    .max(100)
    .optional(),
})
const services = z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/), serviceGrant)

const pem = (give: string) => line(give).optional()

/** The section `keyServer` of the settings. */
export const keyServerSection = z.strictObject({
  url: setting(line('https://host:port, or unix:///path/of/a.sock').optional(), {
    doc: 'Key server in another process, which this one gets its tokens from. It then has no credentials of its own, and needs no key file for them.',
    env: 'AEGIS_KEY_SERVER_URL',
    fallback: 'this process is its own key server',
  }),
  listen: setting(line('host:port, or unix:///path/of/a/directory').optional(), {
    doc: 'Where this process hands tokens to others: on a port with mutual TLS, or by one socket file for each service in a directory, for the owner and group of which it is meant.',
    env: 'AEGIS_KEY_SERVER_LISTEN',
    fallback: 'nowhere',
  }),
  services: setting(
    kindOfItsOwn(
      services,
      'names with what each may have, such as {worker: {practices: all}, branch: {practices: [7]}}',
    ).default({}),
    {
      doc: 'Services that may have tokens, by the DNS name (else the common name) of their certificate, or the name of their socket: for which practices, and for which `scopes` (absent: those of `athena.scope`).',
    },
  ),
  certFile: setting(pem('the path of a PEM file'), {
    doc: 'Certificate that this process shows to a key server, or as one. A new one is taken up within seconds, as are the other files here and `services`.',
    fallback: 'none; needed with TLS',
  }),
  keyFile: setting(pem('the path of a PEM file'), {
    doc: 'Private key of that certificate, readable only by the user that runs Aegis.',
    fallback: 'none; needed with TLS',
  }),
  caFile: setting(pem('the path of a PEM file'), {
    doc: 'Certificate of the authority that the certificates of the other side must be from: one of your own, for nothing else.',
    fallback: 'none; needed with TLS',
  }),
})
