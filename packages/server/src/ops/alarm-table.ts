import type { ErrorCode } from '../errors/error-table.ts'

/** What an alarm means, and what to do; where that is a matter of the case, the alarm itself says more. */
export interface AlarmEntry {
  readonly means: string
  readonly remedy: string
}

/** Every code of an alarm that is not an error's: an alarm with another one does not compile. */
export const alarmTable = {
  'audit.many-refusals': {
    means: 'Twenty requests or more were refused in the last hour',
    remedy:
      'The audit log says of each kind when, for what and from where (type access, subtype token-refused). A program that asks with the token of before a restart reads run/instance.json anew; else somebody tries to get in.',
  },
  'db.schema-newer': {
    means: 'Another process has brought the database to a newer release than that of this one',
    remedy: 'Install that release here too and start this process again; until then it works on.',
  },
  'key-server.certificate-expired': {
    means:
      'A certificate between key server and users, of their authority, or of that of a vault (`vault.caFile`) has expired',
    remedy:
      "Have your authority make a new one; of an authority, let keyServer.caFile of both sides hold both for a while. Into vault.caFile put the certificate of the authority that the vault's certificate is from now.",
  },
  'key-server.certificate-expiring': {
    means:
      'A certificate between key server and users, of their authority, or of that of a vault (`vault.caFile`) expires in two weeks or less, in two days where it is an error',
    remedy:
      'Have your authority make a new one; of an authority, let keyServer.caFile of both sides hold both for a while. Into vault.caFile put the certificate of the next authority beside it, before the vault gets one of its making.',
  },
  'key-server.credential-expiring': {
    means: 'The last credential of the app expires in two weeks or less, in two days where it is an error',
    remedy: 'Have athenahealth make a new secret or key, and give it: aegis keys rotate.',
  },
  'key-server.vault-login-expiring': {
    means: 'The token or secret id that a process logs in to the vault with expires soon, or has expired',
    remedy: 'Put a new one into its file: it is taken up by itself.',
  },
  'ops.practices-differ': {
    means:
      'Processes on one database are configured with different practices, feeds or departments; an error where one names what is not mirrored, because one that was started later, and may be gone, does not',
    remedy:
      'Give all of them the same `practices`, `sync.feeds` and `sync.departments`, and start them again: those of the one started last count for all.',
  },
  'ops.replica-silent': {
    means: 'A process on this database has not been heard of; the others do its work',
    remedy: 'Start it again if it is to run. One that was not stopped as it should is forgotten after an hour.',
  },
  // Nothing but Aegis itself calls through its limits so far: nobody is told to.
  'quota.foreign-calls': {
    means: "A hundredth of the day's calls or more were made by somebody else with the same app",
    remedy:
      'Give the other program an app (client id) of its own, or let it read the mirror instead ("aegis sql", for programs with --json).',
  },
  'quota.limits-differ': {
    means: 'The processes on one database are configured with different limits',
    remedy: 'Give all processes the same limits, and start those again that have another one.',
  },
  'quota.runs-out': {
    means: 'People or notifications are not expected to be served until midnight GMT',
    remedy: 'See "aegis quota" for who spends the calls and what to change.',
  },
  'sync.check-late': {
    means: 'A check of the mirror has not been complete for days',
    remedy:
      'It reads in the off-hours only, behind the feeds: give it more hours (policy.offHours) or more calls a day.',
  },
  'sync.failing': {
    means: 'The last three attempts on a feed or more have failed',
    remedy: 'It is tried again by itself; the alarm says what failed and what to do about that.',
  },
  'sync.finds-nothing': {
    means: 'For twenty minutes none of the records asked for by id was found, nor others that are known',
    remedy:
      'None of them counts as deleted before a day has passed. Check that the scopes of the app cover this endpoint in this practice.',
  },
  'sync.gap': {
    means: 'Changes of a stretch of time may be missing, until a snapshot has covered it',
    remedy:
      'Mostly nothing to do: a new snapshot closes it. The alarm says what it comes from, and what is to be done where it is something.',
  },
  'sync.lagging': {
    means: 'A feed is further behind than its interval and a few readings explain',
    remedy: 'The alarm says what holds it up.',
  },
  'sync.look-failing': {
    means: 'For several turns it could not be seen whether somebody else processes the changes of a feed',
    remedy:
      'The feed is read as before, and the look is tried again at the latest every sync.subscriptionCheck. The log says why it fails ("sync.step-failed", step check-foreign). Make sure meanwhile that no other program uses the same app.',
  },
  'sync.not-activated': {
    means: 'athenahealth has not activated a subscription for half an hour',
    remedy:
      'Ask athenahealth whether the app may subscribe to this feed in this practice. The subscription is asked for again by itself; until it is active the feed is not read.',
  },
  'sync.patients-unclear': {
    means:
      'Of records that are not found, or charts that show new ones, nobody can say whether their patients are shown',
    remedy:
      'They stay as they are, and are asked for again within a day at the most. Check that the scopes of the app cover reading a patient by id in this practice; the log says why it fails ("sync.refetch-failed").',
  },
  'sync.polls-stretched': {
    means: 'There are not enough calls for reading each feed as often as configured',
    remedy:
      'See "aegis quota" for who spends them and what to change; else ask athenahealth for more calls, or mirror fewer practices. A first load uses up calls as well.',
  },
  'sync.quarantined': {
    means: 'Records could not be applied and are set aside',
    remedy: 'Look at the log for "sync.quarantined"; a later release or a new snapshot may take them.',
  },
  'sync.snapshot-failing': {
    means:
      'For twenty minutes the new snapshot of a live feed has failed at each attempt, or has found no call, or no hour, for two days',
    remedy:
      'The feed is read as before, and the snapshot is tried again by itself; what it was to bring is missing meanwhile. The alarm says what failed and what to do about that.',
  },
  'sync.subscription-failing': {
    means:
      'For several turns the subscription of a feed could not be asked about, or was refused with other departments',
    remedy:
      'The feed is read as it was subscribed, and athenahealth is asked again at the latest every sync.subscriptionCheck. The log says why it fails ("sync.step-failed"); where that is step resubscribe, compare sync.departments with the practice.',
  },
  'sync.subscription-unclear': {
    means: 'athenahealth does not say whether a subscription is there',
    remedy:
      'It is asked again within minutes, and the feed is read as before. If it stays so, a gap is told, the subscription is asked for again now and then, and a new snapshot closes the gap once it is known to be active: ask athenahealth why it does not say.',
  },
  'sync.unexplained-differences': {
    means: 'A check of the mirror found differences that nothing explains; they are mended',
    remedy: 'See which they were in the view difference, and report it as a defect if nobody changed the tables.',
  },
  'sync.unsettled': {
    means: 'For more than a day records asked for by id have been neither shown nor said to be gone',
    remedy:
      'They stay as they are, and are asked for again within a day at the most. The log says what comes instead ("sync.refetch-failed"): the app may not be allowed to read them, or a gateway on the way refuses them.',
  },
} satisfies Record<string, AlarmEntry>

/** Many an error is an alarm under its own code. */
export type AlarmCode = keyof typeof alarmTable | ErrorCode
