import { asDefect, type ErrorEntry } from './error-entry.ts'

/** Codes of what guards secrets: the key server and the sealing of values. */
export const secretErrors = {
  'key-server.asks-too-often': {
    status: 429,
    title: 'A service asks the key server more often than any should',
    remedy: 'Look at what it does: a process of Aegis asks every four seconds.',
  },
  'key-server.base-url-refused': {
    status: 500,
    title: 'The base URL does not belong to the environment of the credential',
    remedy:
      'Use the URL of the environment that is named (preview and production have one each; local means loopback or a host named in the configuration), or correct the environment.',
  },
  'key-server.client-id-invalid': {
    status: 500,
    title: 'The client id contains characters that no client id has',
    remedy: 'Copy it from the developer portal, without quotes or blanks.',
  },
  'key-server.credential-expired': {
    status: 500,
    title: 'Every credential of the app has expired',
    remedy: 'Give a new one: aegis keys rotate. "aegis keys list" shows what there is.',
  },
  'key-server.credential-known': {
    status: 409,
    title: 'This secret or key is stored already, and stays as it is; nothing was changed',
    remedy:
      'To have it used as said now, before the others, give it with "aegis keys rotate"; "aegis keys list" shows how it stands.',
  },
  'key-server.credential-missing': {
    status: 500,
    title: 'No such credential is stored',
    remedy:
      'Give one with "aegis keys add" (from a file or standard input), or name its file with athena.secretFile. "aegis keys list" shows what there is.',
  },
  'key-server.credential-over': {
    status: 409,
    title: 'This secret or key has expired and is not taken up again',
    remedy:
      'Put the one that is used in its place ("aegis keys list" shows which), or leave it out of the configuration.',
  },
  'key-server.credential-refused': {
    status: 502,
    title: 'athenahealth refuses the credential',
    remedy:
      'Check in the developer portal that the app is active, that client id and secret belong to this environment and that the app may use the scope; then give the secret again ("aegis keys add"), or it is tried again in five minutes.',
  },
  'key-server.credential-spent': {
    status: 409,
    title: 'This secret or key was revoked and is not taken up again',
    remedy: 'Have athenahealth make another one; what was revoked may be in wrong hands.',
  },
  'key-server.credential-waiting': {
    status: 503,
    title: 'The credential of the app is not used yet',
    remedy:
      'Wait: calls begin by themselves when it does; until then athenahealth has time to take up its public key. What is to be used at once is given with "aegis keys add --after 0s"; "aegis keys list" shows what there is.',
  },
  'key-server.elsewhere': {
    status: 409,
    title: 'The credentials are not here: this process gets its tokens from a key server',
    remedy: 'Run the command on the host of the key server, with its home.',
  },
  'key-server.environment-crossed': {
    status: 500,
    title: 'A credential of one environment was about to be used in another',
    remedy: 'Give the environment a credential of its own; preview and production never share one.',
  },
  'key-server.expiry-invalid': {
    status: 400,
    title: 'The credential would end before it is used',
    remedy: 'Give a later day (--expires), or let it begin sooner (--after). Nothing was changed.',
  },
  'key-server.holder-refused': {
    status: 409,
    title: 'The list of holders is not changed so',
    remedy: '"aegis keys holders" shows who is on it.',
  },
  'key-server.not-a-holder': {
    status: 403,
    title: 'Only a holder of the credentials may do this, and it was recorded',
    remedy: 'Ask one of those whom "aegis keys holders" lists; they can put others on the list.',
  },
  'key-server.not-granted': {
    status: 403,
    title: 'The service may not have tokens for this practice or scope, and it was recorded',
    remedy: 'If it should, add it to keyServer.services of the key server, which takes it up within seconds.',
  },
  'key-server.private-key-invalid': {
    status: 400,
    title: 'The private key cannot be used',
    remedy:
      'Give a JWK or PEM of an RSA key (2,048 bits or more) or an EC key on P-256, P-384 or P-521, without a passphrase; or let Aegis make one: aegis keys add --generate.',
  },
  'key-server.secret-invalid': {
    status: 400,
    title: 'The secret is empty, too long or contains control characters',
    remedy: 'Put the secret alone, on one line, into the file.',
  },
  'key-server.secret-taken': {
    status: 500,
    title: 'A secret was used twice',
    remedy: asDefect,
  },
  'key-server.service-unknown': {
    status: 403,
    title: 'Whoever asks the key server is no service that it knows, and it was recorded',
    remedy:
      'Name the service under keyServer.services of the key server as in its certificate (DNS name, else common name); it is taken up within seconds.',
  },
  'key-server.settings-unusable': {
    status: 500,
    title:
      'What was changed of keyServer or its certificates cannot be used; what was read before still is, but for services that are named no longer',
    remedy:
      'Mend it: "aegis doctor" says what is wrong. It is read again as soon as it changes, and every ten seconds.',
  },
  'key-server.token-unavailable': {
    status: 503,
    title: 'No valid athenahealth token can be had at the moment',
    remedy:
      'Nothing, if the token endpoint is down or the limit of token requests is reached: it is asked again by itself.',
  },
  'key-server.unreachable': {
    status: 503,
    title: 'The key server does not answer',
    remedy:
      'Start it, or mend the way to it (keyServer.url, certificates, the rights on its socket). Work goes on by itself then.',
  },
  'key-server.vault-refused': {
    status: 502,
    title: 'The vault gives no secret',
    remedy:
      'Check that the entry and its field are there (KV engine, version 2), and that what this process logs in with may read them: vault.mount, vault.path, vault.field, vault.tokenFile.',
  },
  'key-server.vault-unreachable': {
    status: 503,
    title: 'The vault does not answer',
    remedy:
      'Start or unseal it, or correct vault.url and vault.caFile. It is asked again by itself; the secret of before serves on.',
  },
  'sealing.closed': {
    status: 503,
    title: 'The keys were wiped from memory',
    remedy: 'Nothing to do while Aegis stops; otherwise start it again.',
  },
  'sealing.format-unknown': {
    status: 500,
    title: 'A stored value is not in a sealed format that this release can read',
    remedy:
      'If a newer release wrote it, install that release; otherwise the row is damaged: restore it from a backup.',
  },
  'sealing.kek-damaged': {
    status: 500,
    title: 'A key file is damaged',
    remedy:
      'Restore it from the backup of AEGIS_HOME/keys. On a fresh installation, where nothing was sealed yet, remove it.',
  },
  'sealing.kek-exposed': {
    status: 500,
    title: 'A key file can be read or replaced by others',
    remedy: 'It must be a plain file of the user that runs Aegis, with mode 0600: chown it and chmod 600 it.',
  },
  'sealing.kek-missing': {
    status: 500,
    title: 'A key file is missing, and there is data sealed with it',
    remedy:
      'Restore it from the backup of AEGIS_HOME/keys; beside other processes on the same database, copy theirs or name their directory with AEGIS_KEYS. Aegis makes no new key: the data would stay unreadable.',
  },
  'sealing.kek-unreadable': {
    status: 500,
    title: 'A key file cannot be read or made',
    remedy:
      'Check the file, its directory and the free space: the user that runs Aegis must be able to read and write there.',
  },
  'sealing.kek-wrong': {
    status: 500,
    title: 'A key file holds another key than the one the data was sealed with',
    remedy:
      'Put the right file in its place (from the backup of AEGIS_HOME/keys, or from another process on the same database), or point DATABASE_URL at the database it belongs to.',
  },
  'sealing.key-exhausted': {
    status: 500,
    title: 'A key has sealed as many values as it safely can',
    remedy: 'Keys are renewed long before this. Start Aegis again; if it comes back, report it as a defect.',
  },
  'sealing.key-missing': {
    status: 410,
    title: 'The key of this value does not exist: it was destroyed, or never made',
    remedy: 'If nobody destroyed it, the database was not restored as a whole: restore all of it from one backup.',
  },
  'sealing.key-not-loaded': {
    status: 500,
    title: 'A patient key was used before it was loaded',
    remedy: asDefect,
  },
  'sealing.unreadable': {
    status: 500,
    title: 'A sealed value does not open: it was changed, or belongs to another row, practice or patient',
    remedy: 'Treat it as tampering until explained. Restore the row from a backup or fetch the record anew.',
  },
} satisfies Record<string, ErrorEntry>
