import type { ExampleWorld } from './example-world.ts'

/** One run of an example: what it is given, and what it has to say. */
export interface ExampleCase {
  readonly name: string
  args?(world: ExampleWorld): readonly string[]
  env?(world: ExampleWorld): Record<string, string>
  /** What has to have happened before. */
  prepare?(world: ExampleWorld): Promise<void>
  readonly says: readonly RegExp[]
}

export const exampleCases: readonly ExampleCase[] = [
  {
    name: 'first-call',
    says: [/^practice 195900: /m, /^ {2}department 1: \w+ \(US\/Eastern\)$/m, /^[\d,]+ of \d+ calls left today$/m],
  },
  {
    name: 'read-a-list',
    says: [
      /^\d{4}-\d\d-\d\d {2}\d+ appointments$/m,
      /^\d+ records on \d+ pages$/m,
      /^of \d+ in total, 50 and then \d+$/m,
    ],
  },
  {
    name: 'register-patient',
    says: [/^registered: Zelda Quillfeather, born 1984-02-29, is patient \d+$/m],
  },
  {
    name: 'register-patient',
    // Somebody else has come meanwhile; the same person again is found and not made again.
    says: [/^candidate \d+ with \d+ points$/m, /^registered: Zelda Quillfeather, born 1984-02-29, is patient \d+$/m],
  },
  {
    name: 'book-appointment',
    args: () => ['12'],
    says: [/^booked: \d+ on /m, /^moved: {2}\d+ on /m, /^cancelled: its status is x$/m],
  },
  {
    name: 'follow-changes',
    args: () => ['1'],
    prepare: (world) => world.bookAndLoseAnswer(),
    env: ({ gateway }) => ({ ATHENA_BASE_URL: gateway.url }),
    says: [
      /^round 1: subscription ACTIVE$/m,
      /^an answer was lost \(network\): reading that time again$/m,
      /^changed: appointment \d+, status f, on \d{4}-\d\d-\d\d$/m,
    ],
  },
  {
    name: 'any-endpoint',
    args: () => ['12'],
    says: [
      /^\d+ problems in the chart$/m,
      /^12 providers with a number/m,
      /^changed: \[\{"patientid":"12"\}\]$/m,
      /^e-mail: someone@example\.com; the unknown field is undefined$/m,
    ],
  },
  {
    name: 'upload-document',
    args: ({ pdfFile }) => ['12', pdfFile],
    says: [/^filed as document \d+$/m, /^document \d+: 20000 bytes came back$/m],
  },
  {
    name: 'patient-photo',
    args: ({ photoFile }) => ['12', photoFile],
    says: [/^stored 3000 bytes$/m, /^fetched 3000 bytes of image\/jpeg$/m, /^deleted: there is no photo now$/m],
  },
  {
    name: 'many-practices',
    says: [
      /^the app reaches 2 practices$/m,
      /^195901: 6 departments, 12 providers$/m,
      /^999999999: unknown-practice$/m,
    ],
  },
  {
    name: 'handle-errors',
    // An app of its own, because it uses its limit up. The secret comes from a file, as a real one does.
    env: ({ narrowSecretFile }) => ({ ATHENA_CLIENT_ID: 'narrow', ATHENA_SECRET_FILE: narrowSecretFile }),
    says: [
      /^a wrong number: not-found, executed: no$/m,
      /^a practice that is not there: unknown-practice, executed: no$/m,
      /^a name that is too long: field-too-long, executed: no$/m,
      /^a caller who gave up: aborted, executed: no$/m,
      /^the wrong environment: environment, executed: no$/m,
      /^8 calls at once: [1-9]\d* throttled$/m,
      /^8 patient calls: 8 answered$/m,
    ],
  },
  {
    name: 'sign-in-with-key',
    env: ({ keyFile }) => ({ ATHENA_KEY_FILE: keyFile }),
    says: [/^token POST \/oauth2\/v1\/token: ok$/m, /^signed in, and reached practice 195900$/m],
  },
  {
    name: 'through-gateway',
    env: ({ gateway }) => ({ ATHENA_BASE_URL: gateway.url }),
    says: [
      /^6 departments through \/athena$/m,
      /^refused by us: GET \/appointments\/booked is for the night$/m,
      /^2 requests, the slowest took \d+ ms$/m,
    ],
  },
]
