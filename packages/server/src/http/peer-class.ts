import { BlockList, isIPv6 } from 'node:net'

/** From where a request comes: a socket file, this machine, a network that is not the internet, or another address. */
export type PeerClass = 'socket' | 'loopback' | 'private' | 'public'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** RFC 1918, 3927, 4193, 4291, 6598. */
const inner = new BlockList()
inner.addSubnet('10.0.0.0', 8)
inner.addSubnet('172.16.0.0', 12)
inner.addSubnet('192.168.0.0', 16)
inner.addSubnet('169.254.0.0', 16)
inner.addSubnet('100.64.0.0', 10)
inner.addSubnet('fc00::', 7, 'ipv6')
inner.addSubnet('fe80::', 10, 'ipv6')

/** What kind of address the other side of a connection has (pure): never the address itself. `undefined` is a socket file. */
export function peerClass(address: string | undefined): PeerClass {
  if (address === undefined) return 'socket'
  // A link-local address comes with its interface.
  const [plain = address] = address.split('%')
  const family = isIPv6(plain) ? 'ipv6' : 'ipv4'
  if (loopback.check(plain, family)) return 'loopback'
  return inner.check(plain, family) ? 'private' : 'public'
}
