import type { PlantedBug } from './planted-bugs.ts'

const server = 'packages/server/src'
const keyServer = `${server}/key-server`

/** Ways to lose the credentials that work, to keep those that do not, or not to hear that one is lost. */
export const plantedKeyServerBugs: readonly PlantedBug[] = [
  {
    name: 'rotation on trust: the old secret ends whether the new one was ever used or not',
    file: `${keyServer}/credential.sql.ts`,
    find: `set ends_after = $3, ends_in = make_interval(secs => $4::float8 / 1000)`,
    replace: `set expires_at = least(expires_at, aegis.now() + make_interval(secs => $4::float8 / 1000))
     , ends_after = $3, ends_in = make_interval(secs => $4::float8 / 1000)`,
    caughtBy: [`${keyServer}/key-desk.test.ts`],
  },
  {
    name: 'rotation without an end: what was replaced serves for ever',
    file: `${keyServer}/fetch-token.ts`,
    find: `  if (stored) await endSucceededCredentials(tx, key, number)\n`,
    replace: `  if (stored) void endSucceededCredentials\n`,
    caughtBy: [`${keyServer}/key-desk.test.ts`],
  },
  {
    name: 'rotation into the past: a credential that is over already replaces those that work',
    file: `${keyServer}/add-credential.ts`,
    find: `  await checkExpiry(tx, given)\n`,
    replace: `  void checkExpiry\n`,
    caughtBy: [`${keyServer}/key-desk.test.ts`],
  },
  {
    name: 'a revocation forgets the second keeper: tokens of another scope are handed out on',
    file: `${keyServer}/key-server.ts`,
    find: `for (const keeper of keepers.values()) keeper.forget()`,
    replace: `for (const keeper of [...keepers.values()].slice(0, 1)) keeper.forget()`,
    caughtBy: [`${keyServer}/key-desk.test.ts`],
  },
  {
    name: 'a revocation is heard of late by those who ask another process than the one it was made at',
    file: `${keyServer}/token-broker.ts`,
    find: `source.atHand(lookedAtMs)`,
    replace: `source.atHand()`,
    caughtBy: [`${keyServer}/remote-tokens.test.ts`],
  },
  {
    name: 'a private key in a file goes over the network as a password',
    file: `${server}/start/offer-configured.ts`,
    find: `await materialOf({ content: Buffer.from(secret.reveal(), 'utf8') })`,
    replace: `(await import('../key-server/secret.ts')).Secret.fromBytes(Buffer.from(secret.reveal(), 'utf8'))`,
    caughtBy: [`${server}/start/offer-configured.test.ts`],
  },
  {
    name: 'one damaged credential is the end of all: the next one is not tried',
    file: `${keyServer}/fetch-token.ts`,
    find: `const hasNext = (refused || unreadable) &&`,
    replace: `const hasNext = refused &&`,
    caughtBy: [`${keyServer}/damaged-credential.test.ts`],
  },
  {
    name: 'one damaged credential is the end of all: no other one can be given',
    file: `${keyServer}/add-credential.ts`,
    find: `    if (!isUnreadable(error)) throw error\n`,
    replace: `    if (isUnreadable(error)) throw error\n`,
    caughtBy: [`${keyServer}/damaged-credential.test.ts`],
  },
  {
    name: 'a process keeps to itself what it asked for: one that dies at each start asks each time',
    file: `${keyServer}/token-decision.ts`,
    find: `  const { now } = need\n`,
    replace: `  const { now } = need
  state = { ...state, heldUntil: undefined, retryAt: undefined, forcedAt: undefined }
  need = { ...need, counting: [] }\n`,
    caughtBy: [`${keyServer}/token-decision.test.ts`, 'faults crash-loop 12'],
  },
  {
    name: 'a request that was never sent uses up the limit per minute',
    file: `${keyServer}/token-failure.ts`,
    find: `return !isAegisError(error)`,
    replace: `return error !== undefined`,
    caughtBy: [`${keyServer}/damaged-credential.test.ts`],
  },
  {
    name: 'a credential that athenahealth refuses counts as one that lasts: nobody is told that the good one ends',
    file: `${server}/ops/credential-alarms.ts`,
    find: `(good.length > 0 ? good : usable)`,
    replace: `usable`,
    caughtBy: [`${server}/ops/credential-alarms.test.ts`],
  },
  {
    name: 'a revoked credential is served: its tokens stay where they are',
    file: `${keyServer}/credential.sql.ts`,
    find: `  await tx.rows(wipeTokens, [`,
    replace: `  if (numbers.length < 0) await tx.rows(wipeTokens, [`,
    caughtBy: [`${keyServer}/credentials.test.ts`],
  },
  {
    name: 'a revoked credential is served: a token that was on its way is stored behind the revocation',
    file: `${keyServer}/token.sql.ts`,
    find: ` and c.number = $11 and c.revoked_at is null)`,
    replace: ` and c.number = $11)`,
    caughtBy: [`${keyServer}/key-desk.test.ts`],
  },
  {
    name: 'a revoked credential is served: an old file brings it back',
    file: `${keyServer}/add-credential.ts`,
    find: `  return same.find(({ revoked_at }) => revoked_at !== null) ?? same[0]`,
    replace: `  return same.find(({ revoked_at }) => revoked_at === null)`,
    caughtBy: [`${keyServer}/credentials.test.ts`],
  },
  {
    name: 'a revoked credential is served: a call that waits for its permission leaves with the token of before',
    file: `${server}/upstream/wrap-fetch.ts`,
    find: `    for (let looks = 0; !(await isAuthorizedAtOnce(deps, init)) && looks < MISSES_MAX; looks++) {\n`,
    replace: `    while (!connection.usable) {\n`,
    caughtBy: [`${server}/upstream/token-when-sent.test.ts`, `${server}/upstream/revoked-while-waiting.test.ts`],
  },
  {
    name: 'a secret is readable again: the list of public keys holds whole keys',
    file: `${keyServer}/private-key.ts`,
    find: `    this.publicJwk = { ...named(pub), kid`,
    replace: `    this.publicJwk = { ...named(pub), ...{ d }, kid`,
    caughtBy: [`${keyServer}/private-key.test.ts`],
  },
  {
    name: 'a key of somebody else is published: the set of public keys is what stands in the table',
    file: `${keyServer}/sealed-credential.ts`,
    find: `    key.take().fill(0)\n    return key.publicJwk\n`,
    replace: `    key.take().fill(0)\n    return row.public_key ?? undefined\n`,
    caughtBy: [`${keyServer}/public-keys.test.ts`],
  },
  {
    name: 'whatever a key server answers is an answer: a full disk takes all services their token',
    file: `${keyServer}/remote-token-source.ts`,
    find: `    const isAway = !isAnswer(error)\n`,
    replace: `    const isAway = !isAnswer(error) && isAegisError(error, 'key-server.unreachable')\n`,
    caughtBy: [`${keyServer}/cannot-look.test.ts`],
  },
  {
    name: 'an earlier state of the database stops a process for good: only higher numbers are taken for later tokens',
    file: `${keyServer}/token-keeper.ts`,
    find: `    if (isLater || !this.#usable(undefined)) this.#held = token\n`,
    replace: `    if (isLater) this.#held = token\n`,
    caughtBy: [`${keyServer}/older-state.test.ts`],
  },
  {
    name: 'an earlier state of the database costs a request for each number that it has forgotten',
    file: `${keyServer}/fetch-token.ts`,
    find: `Math.max(Number(row.generation), wish.known ?? 0) + 1`,
    replace: `Number(row.generation) + 1`,
    caughtBy: [`${keyServer}/older-state.test.ts`],
  },
  {
    name: 'a forged service name: what stands inside of another name of the certificate is taken for one',
    file: `${server}/http/service-server.ts`,
    find: `/(?:^|, )DNS:([^,\\s"]+)/g`,
    replace: `/DNS:([^,\\s"\\\\]+)/g`,
    caughtBy: [`${keyServer}/remote-tokens.test.ts`],
  },
  {
    name: 'a typing error keeps whoever is taken off the list on it',
    file: `${server}/start/follow-key-server-files.ts`,
    find: `      if (read) await takeAway(deps, read)\n`,
    replace: `      void takeAway\n`,
    caughtBy: [`${server}/start/serve-tokens.test.ts`],
  },
  {
    name: 'the list of services is not asked: whoever has a certificate gets tokens',
    file: `${keyServer}/token-broker.ts`,
    find: `  checkGrant(grants, service, { wish: ask, scopeDefault })\n`,
    replace: '',
    caughtBy: [`${keyServer}/remote-tokens.test.ts`],
  },
  {
    name: 'whoever is refused fills the audit log: each time is an entry of its own',
    file: `${server}/audit/refusal-counter.ts`,
    find: `      known.more += 1\n      return Promise.resolve()`,
    replace: `      known.more += 1\n      return this.#write(known)`,
    caughtBy: [`${server}/audit/refusal-counter.test.ts`],
  },
]
