import { z } from 'zod'
import { duration, line, setting } from './setting.ts'

const pathPattern = /^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/

/** The section `vault` of the settings. */
export const vaultSection = z.strictObject({
  url: setting(line('https://host:port').optional(), {
    doc: 'OpenBao or Vault that the secret of the app is read from, with `vault.path`. Plain http is for the loopback interface only.',
    env: 'AEGIS_VAULT_URL',
    fallback: 'none',
  }),
  caFile: setting(line('the path of a PEM file').optional(), {
    doc: 'Certificate of the authority that its certificate is from.',
    fallback: 'the authorities that Node knows',
  }),
  namespace: setting(line('a name', pathPattern).optional(), { doc: 'Its namespace.', fallback: 'none' }),
  mount: setting(line('a path', pathPattern).default('secret'), { doc: 'Where its KV engine (version 2) is mounted.' }),
  path: setting(line('a path', pathPattern).optional(), {
    doc: 'Entry that the secret stands in. A new version of it is taken up within `vault.refresh`; the one before stays valid for a day.',
    fallback: 'none; needed with `vault.url`',
  }),
  field: setting(line('a name').default('client_secret'), {
    doc: 'Field of the entry: a secret, or a private key as PEM or JWK.',
  }),
  tokenFile: setting(line('the path of a file').optional(), {
    doc: 'File with a token for it, alone on one line; one that an agent keeps valid is read anew each time.',
    env: 'AEGIS_VAULT_TOKEN_FILE',
    fallback: 'none; give it, or the files of an AppRole',
  }),
  roleIdFile: setting(line('the path of a file').optional(), {
    doc: 'File with the role id of an AppRole.',
    env: 'AEGIS_VAULT_ROLE_ID_FILE',
    fallback: 'none',
  }),
  secretIdFile: setting(line('the path of a file').optional(), {
    doc: 'File with the secret id of the AppRole.',
    env: 'AEGIS_VAULT_SECRET_ID_FILE',
    fallback: 'none',
  }),
  appRoleMount: setting(line('a path', pathPattern).default('approle'), {
    doc: 'Where its AppRole method is mounted.',
  }),
  refresh: setting(duration({ min: '10s', max: '1d' }).prefault('5m'), { doc: 'Between two looks for a new version.' }),
})
