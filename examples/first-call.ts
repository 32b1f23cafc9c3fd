/*
 * The first call: who is this practice, and where does it see patients?
 *
 *   npx aegis simulate --port 9100             in one terminal: athenahealth on your machine
 *   npm run example examples/first-call.ts     in another
 */
import { createAthenaClient } from '@aegis/client'

const athena = createAthenaClient({
  environment: 'local', // 'preview' or 'production' with your own app; then leave baseUrl out
  baseUrl: process.env['ATHENA_BASE_URL'] ?? 'http://127.0.0.1:9100',
  credential: { clientId: 'demo-client', secret: 'demo-secret' }, // open to all; a real secret comes from a file
})
const practice = athena.practice(195900)

// No token was asked for by hand: the client gets one, shares it among callers and renews it.
const { value: info, meta } = await practice.practiceInfo()
console.log(`practice ${info.practiceid}: ${info.name}`)

// A list is read page by page while you go through it.
for await (const department of practice.departments.list()) {
  console.log(`  department ${department.departmentid}: ${department.name} (${department.timezonename})`)
}

// Every answer says what athenahealth said besides: here, what is left of today's quota.
console.log(`${meta.rateLimit?.remaining} of ${meta.rateLimit?.limit} calls left today`)
