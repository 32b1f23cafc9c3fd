import { createHmac } from 'node:crypto'
import type { ClusterPasswords } from '../src/db/cluster-passwords.ts'
import type { TestCluster } from './keeper-connection.ts'

/** Passwords of the runtime logins that follow from the owner's, so every test process knows them. */
export function externalPasswords(ownerUrl: string): ClusterPasswords {
  const own = decodeURIComponent(new URL(ownerUrl).password)
  const of = (login: string) => createHmac('sha256', own).update(login).digest('base64url')
  return {
    aegis_owner: own,
    aegis_app: of('aegis_app'),
    aegis_control: of('aegis_control'),
    aegis_audit: of('aegis_audit'),
  }
}

/** A server that scripts/postgres-server.ts has started, as test cluster. */
export function externalCluster(ownerUrl: string): TestCluster {
  const passwords = externalPasswords(ownerUrl)
  const login = (name: keyof ClusterPasswords) => {
    const url = new URL(ownerUrl)
    url.username = name
    url.password = passwords[name]
    return { url: url.href }
  }
  return {
    ownerUrl,
    logins: { app: login('aegis_app'), control: login('aegis_control'), audit: login('aegis_audit') },
  }
}
