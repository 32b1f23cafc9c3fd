import { BlockList, isIPv6 } from 'node:net'
import type { Reach } from './egress-rule.ts'

const loopback = blockList([
  ['127.0.0.0', 8],
  ['::1', 128],
])

/** Addresses that are not on the internet (IANA's special-purpose address registries, read 2026-11). */
const special = blockList([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
])

/** Whether a connection may be made to this IP address. IPv4 written as IPv6 counts as the IPv4 it is. */
export function isAllowedAddress(address: string, reach: Reach): boolean {
  if (reach === 'any') return true
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  const family = isIPv6(plain) ? 'ipv6' : 'ipv4'
  return reach === 'loopback' ? loopback.check(plain, family) : !special.check(plain, family)
}

function blockList(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, isIPv6(network) ? 'ipv6' : 'ipv4')
  return list
}
