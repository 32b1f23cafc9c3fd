import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PeerClass, peerClass } from './peer-class.ts'

const cases: readonly [address: string | undefined, expected: PeerClass][] = [
  [undefined, 'socket'],
  ['127.0.0.1', 'loopback'],
  ['127.9.9.9', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['10.0.0.5', 'private'],
  ['172.31.255.255', 'private'],
  ['::ffff:192.168.3.4', 'private'],
  ['169.254.1.1', 'private'],
  ['100.127.0.1', 'private'],
  ['fd00::7', 'private'],
  ['fe80::1%eth0', 'private'],
  ['172.32.0.1', 'public'],
  ['128.0.0.1', 'public'],
  ['192.0.2.1', 'public'],
  ['::ffff:192.0.2.1', 'public'],
  ['2001:db8::1', 'public'],
]
for (const [address, expected] of cases) {
  test(`${address ?? 'no address'} is ${expected}`, () => assert.equal(peerClass(address), expected))
}
