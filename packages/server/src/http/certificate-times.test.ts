import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testAuthority } from '../../testing/test-certificates.ts'
import { certificateTimes } from './certificate-times.ts'

const brief = testAuthority('test authority', '270101')
const lasting = testAuthority('test authority', '400101')

/** The year in which the authority ends that counts for this certificate and file. */
function endOf(cert: string, ca: string): number | undefined {
  const authority = certificateTimes({ cert, key: '', ca }).find(({ of }) => of === 'authority')
  return authority && new Date(authority.expiresAt).getUTCFullYear()
}

const [ofBrief, ofLasting, ofStranger] = [brief, lasting, testAuthority('stranger')].map(
  (authority) => authority.identity('worker').cert,
)
const both = brief.ca + lasting.ca
for (const [what, cert = '', ca, year] of [
  ['alone in its file', ofBrief, brief.ca, 2027],
  ['of a certificate that is not renewed yet, beside the next one', ofBrief, both, 2027],
  ['the same, behind the next one', ofBrief, lasting.ca + brief.ca, 2027],
  ['of a certificate that was renewed, beside the one before', ofLasting, both, 2040],
  ['that issued the certificate of another side only', ofStranger, both, 2040],
] as const) {
  test(`an authority ${what}: what is told is until when it serves`, () => {
    assert.equal(endOf(cert, ca), year)
  })
}

test('of a certificate with others behind it, its own end is told', () => {
  const [own] = certificateTimes({ cert: `${ofLasting}${brief.ca}`, key: '', ca: both })
  assert.deepEqual([own?.of, new Date(own?.expiresAt ?? 0).getUTCFullYear()], ['certificate', 2049])
})
