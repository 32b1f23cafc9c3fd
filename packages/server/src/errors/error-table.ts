import { databaseErrors } from './database-errors.ts'
import { asDefect, type ErrorEntry } from './error-entry.ts'
import { secretErrors } from './secret-errors.ts'

/**
 * Every error code of the server. A code is `<slice>.<what>`; keep the table sorted by slice. The largest families have
 * files of their own.
 */
export const errorTable = {
  ...databaseErrors,
  ...secretErrors,
  'audit.invalid-entry': {
    status: 500,
    title: 'An audit entry carries a value that may not stand in clear',
    remedy: asDefect,
  },
  'audit.unavailable': {
    status: 503,
    title: 'The audit log cannot be written, so no patient data is read or served',
    remedy: 'Bring the database back (reachable, with free disk space); work goes on by itself.',
  },
  'clock.database-skew': {
    status: 503,
    title: "This machine's clock and the database's are more than 2 seconds apart",
    remedy: 'Let NTP or chrony set the clocks of both machines. Nothing goes by the clock of this one but its log.',
  },
  'clock.set-back': {
    status: 503,
    title: 'The clock of the database was set back',
    remedy:
      'Let NTP or chrony set it, in small steps. Nothing is lost: all that waited for the time it had shown was done at once. Times noted before may be ahead.',
  },
  'clock.simulator-unreachable': {
    status: 503,
    title: 'The clock of the simulator cannot be read',
    remedy: 'Start the simulator first, with its administration on, or set clock: system.',
  },
  'config.invalid': {
    status: 500,
    title: 'The configuration has mistakes',
    remedy: 'Mend what is said of each of them: "aegis config check" finds all at once.',
  },
  'egress.address-refused': {
    status: 502,
    title: 'The configured host resolves to an address where it may not be; nothing was sent',
    remedy: 'Check the name server. If the host is a gateway or proxy of yours, name it under athena.allowedHosts.',
  },
  'egress.refused': {
    status: 500,
    title: 'A request would have left for another place than the configured one; nothing was sent',
    remedy: 'Check athena.baseUrl. If it is right, report it as a defect: Aegis asks nowhere else.',
  },
  'http.certificate-refused': {
    status: 401,
    title: 'A connection showed no certificate of the authority',
    remedy:
      'Where it is one of your processes, look at its keyServer.certFile and at the authority in caFile of both sides.',
  },
  'http.malformed-request': {
    status: 400,
    title: 'The request cannot be read',
    remedy: 'Send what the reference of this route describes, as JSON.',
  },
  'http.not-found': {
    status: 404,
    title: 'There is nothing at this address',
    remedy: 'Check the path, and that the program that asks is of the same release.',
  },
  'http.port-refused': {
    status: 500,
    title: 'The system does not let Aegis listen on this port',
    remedy: 'Choose a port of 1024 or above with --port or http.port; 0 takes a free one.',
  },
  'http.port-taken': {
    status: 500,
    title: 'Another program listens on this port already',
    remedy: 'Stop the other program, or choose another port with --port or http.port; 0 takes a free one.',
  },
  'http.request-too-large': {
    status: 413,
    title: 'The request is too large',
    remedy: 'Send less at once.',
  },
  'http.socket-refused': {
    status: 500,
    title: 'The socket file cannot be made or is in use',
    remedy:
      'Check keyServer.listen: a directory that the user who runs Aegis may write to, with a path of 100 characters at most.',
  },
  'http.tls-required': {
    status: 500,
    title: 'Only the loopback interface may be listened on without TLS',
    remedy: 'Leave http.host at 127.0.0.1 and put a TLS proxy in front of it if it must be reached from elsewhere.',
  },
  'http.unauthorized': {
    status: 401,
    title: 'The request carries no valid token',
    remedy: 'Send "Authorization: Bearer <token>" with the token of run/instance.json in the home of the instance.',
  },
  'http.wrong-host': {
    status: 421,
    title: 'The request was meant for another host',
    remedy:
      'Ask at 127.0.0.1 or localhost, as in run/instance.json in the home of the instance; a proxy in front of it has to send that as the host.',
  },
  'lease.lost': {
    status: 503,
    title: 'Another process took over this work',
    remedy: 'Nothing to do: that process goes on with it.',
  },
  'ops.already-running': {
    status: 409,
    title: 'Another Aegis runs on this home',
    remedy: 'Use that one ("aegis status"), stop it, or give this one a home of its own with --home or AEGIS_HOME.',
  },
  'ops.home-crossed': {
    status: 500,
    title: 'This home belongs to another environment',
    remedy: 'Give every environment, and the demo, a home of its own with --home or AEGIS_HOME.',
  },
  'ops.home-unusable': {
    status: 500,
    title: 'The home directory cannot be used',
    remedy: 'Name a directory that the user who runs Aegis owns and may write to, with --home or AEGIS_HOME.',
  },
  'ops.instance-unreachable': {
    status: 503,
    title: 'The instance of this home does not answer',
    remedy: 'If its process is still there, look at its log; if it was killed, start it again with "aegis up".',
  },
  'ops.not-listening': {
    status: 503,
    title: 'The process that holds this home does not listen',
    remedy:
      'If it is starting, ending, or a command of a moment, try again when it is done; if it stays so, look at its log.',
  },
  'ops.not-running': {
    status: 503,
    title: 'No Aegis runs on this home',
    remedy: 'Start it with "aegis up", or name the home of the one you mean with --home or AEGIS_HOME.',
  },
  'ops.unknown-feed': {
    status: 404,
    title: 'There is no such feed',
    remedy: 'See "aegis status" for the feeds of each practice.',
  },
  'ops.unknown-practice': {
    status: 404,
    title: 'This instance does not mirror that practice',
    remedy: 'See "aegis status" for the practices it mirrors; they are set under "practices" in aegis.yaml.',
  },
  'ops.sql-busy': {
    status: 429,
    title: 'Two statements run in this process already, and its feeds need the other connections to the database',
    remedy: 'Try again when one of them has ended: each may run for 30 s. Programs send one statement after another.',
  },
  'ops.sql-refused': {
    status: 400,
    title: 'This statement is not run',
    remedy: 'Write one SELECT over the views of the schema mirror; "aegis sql --help" lists them.',
  },
  'queue.unknown-job': {
    status: 500,
    title: 'A job was enqueued that is not declared',
    remedy: asDefect,
  },
  'internal.unexpected': {
    status: 500,
    title: 'Something went wrong inside Aegis',
    remedy: 'Look at the log at that time, and report it as a defect with what it says.',
  },
  'policy.date-range-required': {
    status: 400,
    title: 'This list is asked for by a range of dates only',
    remedy: 'Give the start and the end of the range, both as MM/DD/YYYY, the start first.',
  },
  'policy.date-range-too-wide': {
    status: 400,
    title: 'The range of dates is wider than the policy allows for this list',
    remedy: 'Ask for a narrower range, or raise the limit under policy in aegis.yaml if athenahealth agreed to it.',
  },
  'policy.filter-required': {
    status: 400,
    title: 'This list is asked for by department only',
    remedy: 'Give a departmentid.',
  },
  'policy.off-hours': {
    status: 503,
    title: 'Large pulls run in the off-hours window only',
    remedy:
      'Wait for the window (policy.offHours), or ask for less: a filter that narrows the list and one page, or of patients by name, birth date or id (/patients/enhancedbestmatch, /patients/search).',
  },
  'quota.day-exhausted': {
    status: 503,
    title: "Today's athenahealth calls are used up for this kind of work",
    remedy:
      'Calls go on two minutes after 00:00 GMT, or sooner with a higher limits.perDay. "aegis quota" shows who spent them and what to change.',
  },
  'quota.stopping': {
    status: 503,
    title: 'This instance is being stopped',
    remedy: 'Nothing to do: what was not called for is taken up after the next start.',
  },
  'quota.timeout': {
    status: 503,
    title: 'No athenahealth call could be fitted in within the time given',
    remedy: 'Too much is asked of the rate limit at once: more urgent calls went first. Try again later.',
  },
  'quota.too-many-waiting': {
    status: 503,
    title: 'Too many calls wait for the rate limit',
    remedy: 'Send fewer calls at once, or try again later.',
  },
  'quota.unreachable': {
    status: 503,
    title: 'The shared rate limit cannot be reached, and the small share for that case is used up',
    remedy: 'Bring the database back; calls then go on by themselves.',
  },
  'start.not-athenahealth': {
    status: 502,
    title: 'What answers at the base URL does not answer as athenahealth does',
    remedy: "Check athena.baseUrl and any proxy on the way; remove athena.baseUrl to use the environment's own.",
  },
  'start.practice-refused': {
    status: 502,
    title: 'The app has no access to this practice',
    remedy: 'Ask athenahealth to add the practice to the app, or take it out of "practices".',
  },
  'start.practice-unknown': {
    status: 502,
    title: 'athenahealth knows no such practice',
    remedy: 'Check the id in "practices", and that it belongs to this environment.',
  },
  'start.home-copied': {
    status: 409,
    title: 'Another process runs on a copy of this home',
    remedy:
      'Give each process a home of its own. Of a copied one, keep the keys and remove the file "id", then start it again.',
  },
  'start.second-deployment': {
    status: 409,
    title: 'Another deployment processes the changes of the same athenahealth app',
    remedy:
      'Stop the other deployment, or give this one an app (client id) of its own. If the other one is gone for good, set sync.takeOver: true and start again.',
  },
  'start.upstream-failed': {
    status: 502,
    title: 'athenahealth did not answer the first question about this practice',
    remedy: "Try again in a moment; if it stays, look at the log and at athenahealth's status page.",
  },
  'start.upstream-unreachable': {
    status: 502,
    title: 'athenahealth cannot be reached',
    remedy: 'Check the network, name resolution and any proxy or firewall between here and athena.baseUrl.',
  },
  'sync.contested': {
    status: 409,
    title: 'Another deployment processes the changes of the same athenahealth app',
    remedy: 'See "aegis status".',
  },
  'sync.feed-unknown': { status: 404, title: 'There is no such feed', remedy: 'Use one of the feeds named.' },
  'sync.held-off': {
    status: 503,
    title: 'Process after process ended while it worked on this feed; it is held off so that others go on',
    remedy:
      'Look why the processes ended: the log of the service manager or of the kernel says whether memory ran out; give the process more of it, or make sync.snapshotPageSize and sync.feedPageSize smaller. It is tried again within the hour, and at once after "aegis sync now".',
  },
  'sync.list-doubtful': {
    status: 502,
    title: "athenahealth's list of a patient's records does not say what is in it",
    remedy: 'Nothing to do: it is read again later, and what is held stays as it is.',
  },
  'sync.nobody-found': {
    status: 503,
    title: 'Charts show entries of patients, and none of these is found by id',
    remedy:
      'Check that the scopes of the app cover reading a patient by id in this practice. The reading of all charts waits until somebody is found; what is held stays as it is.',
  },
  'sync.no-chart': {
    status: 503,
    title: 'No department is open by way of which the charts of patients can be asked',
    remedy:
      'Look at "sync.departments", and whether athenahealth still shows the departments; what is held stays as it is.',
  },
  'sync.list-unstable': {
    status: 503,
    title: 'A list changed faster than it could be read through',
    remedy: 'Nothing to do: it is read again later. A larger sync.snapshotPageSize makes it less likely.',
  },
  'sync.since-ahead': {
    status: 400,
    title: 'The time from which changes are to be read lies ahead',
    remedy: 'Give one that has passed, such as the time of the backup, with its zone.',
  },
  'sync.wrong-record': {
    status: 502,
    title: 'athenahealth answered with the record of another patient',
    remedy:
      'Nothing to do: nothing of that answer is used, and the record is asked for again later. If it stays, report it to athenahealth.',
  },
  'sync.page-unreadable': {
    status: 502,
    title: 'A stored page cannot be read',
    remedy:
      'Nothing to do: it is set aside. What a feed gave away with it is a gap until the next snapshot, which "aegis status" names.',
  },
  'sync.practice-unknown': {
    status: 404,
    title: 'This practice is not mirrored here',
    remedy: 'Add it to "practices" and start again; "aegis status" lists those that are.',
  },
  'upstream.clock-skew': {
    status: 503,
    title: "The installation's clock and athenahealth's are more than 2 seconds apart",
    remedy: 'Let NTP or chrony set the clock of this machine, and of the one that the database runs on.',
  },
  'upstream.given-up': {
    status: 503,
    title: 'The work ended that a call to athenahealth was for; it was not sent',
    remedy: 'Nothing to do: the work is taken up again by itself.',
  },
  'upstream.no-context': {
    status: 500,
    title: 'A call to athenahealth was made without saying for whom and what for',
    remedy: asDefect,
  },
} satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable
