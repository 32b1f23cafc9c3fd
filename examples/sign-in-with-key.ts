/*
 * No secret at all: the app signs with a private key whose public half athenahealth knows (private_key_jwt).
 *
 *   ATHENA_KEY_FILE=key.json npm run example examples/sign-in-with-key.ts
 *
 * The file holds a JWK, or a PKCS#8 key as PEM; with PEM, ATHENA_KEY_ID says which of your published keys it is. A
 * simulator knows the public half from its --app-file: [{ "clientId": "key-client", "jwks": { "keys": [ … ] } }].
 */
import { readFile } from 'node:fs/promises'
import { createAthenaClient } from '@aegis/client'
import { practiceId, settings } from './connect.ts'

const { ATHENA_KEY_FILE: file, ATHENA_KEY_ID: kid, ATHENA_CLIENT_ID: clientId = 'key-client' } = process.env
if (file === undefined) throw new Error('ATHENA_KEY_FILE names the file with the private key')
const text = await readFile(file, 'utf8')

const athena = createAthenaClient({
  ...settings(),
  credential: {
    clientId,
    // A function fits here too: it gets the bytes and gives the signature, so that the key can stay in your key server.
    privateKey: text.startsWith('{') ? JSON.parse(text) : text,
    ...(kid !== undefined && { kid }),
  },
  // Tokens are calls as well: a hook shows when one is asked for. It gets the route, never a URL or a secret.
  hooks: { onResponse: ({ call, outcome }) => console.log(`${call.kind} ${call.method} ${call.route}: ${outcome}`) },
})

const { value } = await athena.practice(practiceId()).practiceInfo()
console.log(`signed in, and reached practice ${value.practiceid}`)
