/*
 * Loaded into the process of every test file (`node --import ./scripts/leak-guard.ts --test …`). When the file's last
 * test and hook are over, nothing of it may be left: what keeps the process alive, and children, descriptors, listening
 * ports and temporary files that outlive it, fail the file by name. Without /proc (not Linux) only the first and the
 * last are seen.
 */
import { AsyncResource } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { isMainThread } from 'node:worker_threads'

/** Inherited by every child of the test file: by it they are found, wherever they went. */
const TAG = 'AEGIS_TEST_FILE'
/** The directory for temporary files of the whole run; each test file gets one of its own in it. */
const RUN_DIRECTORY = 'AEGIS_TEST_RUN_DIRECTORY'
/** Set for a process that serves several test files and ends by itself after the last. */
const OUTLIVES = 'AEGIS_TEST_OUTLIVES_FILE'

/** After the last hook. Whatever is closed without waiting for it gets this long; a wait costs only a file that leaks. */
const graceMs = 2_000
/** For the hooks of the file together: they may stop clusters. A hook that failed or hangs ends the wait here. */
const hooksMs = 60_000
/** For a child that was killed and not waited for. */
const dyingMs = 1_000
const pollMs = 20

/** The state of such a socket in /proc/net/tcp. */
const listening = '0A'

const runner = process.execArgv.includes('--test')
if (isMainThread && !runner && !process.env[TAG]) guard()

function guard(): void {
  const tag = randomBytes(4).toString('hex')
  const run = process.env[RUN_DIRECTORY] ?? tmpdir()
  const directory = join(run, tag)
  mkdirSync(directory, { mode: 0o711 })
  Object.assign(process.env, { [TAG]: tag, [RUN_DIRECTORY]: run, TMPDIR: directory })
  const openBefore = new Set(openFiles())
  const held: string[] = []
  endWhenHeld(held)
  process.on('exit', () => {
    const open = [...openFiles().filter((file) => !openBefore.has(file)), ...listeningPorts()]
    const leaks = [
      ...(held.length ? held : open),
      ...leakedProcesses(tag),
      ...readdirSync(directory).map((name) => `a temporary file or folder, ${name}`),
    ]
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    if (leaks.length) fail(leaks)
  })
}

/** Ends the process when something keeps it alive after the last hook (these timers do not), and says in `held` what. */
function endWhenHeld(held: string[]): void {
  let timer: NodeJS.Timeout | undefined
  const giveUpAfter = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      held.push(...holders())
      process.exit()
    }, ms).unref()
  }
  // The hook of the guard stands first; from there, and at the root, it adds one behind those of the file.
  const addLast = AsyncResource.bind(() => after(() => giveUpAfter(graceMs)))
  after(() => {
    giveUpAfter(hooksMs)
    addLast()
  })
}

function fail(leaks: readonly string[]): void {
  const lines = leaks.map((leak) => `\n  - ${leak}`).join('')
  writeSync(2, `Leaked by ${process.argv[1]}:${lines}\n`)
  process.exitCode = 1
}

/** What keeps the event loop running, in words where the handle says more than its type. */
function holders(): string[] {
  // Not documented, and the only way to tell which port or child it is; the documented list below is complete.
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles?: () => object[] }
  const described = (handles?.call(process) ?? []).flatMap(describeHandle)
  const types = process.getActiveResourcesInfo().filter((type) => !/^(?:TTY|Pipe|Process|TCP\w*)Wrap$/.test(type))
  const all = [...described, ...types]
  if (!all.length) all.push('something Node does not name, such as a worker thread')
  return all.map((what) => `still open after the tests: ${what}`)
}

interface Handle {
  readonly fd?: number
  readonly _handle?: { readonly fd?: number }
  readonly pid?: number
  readonly spawnargs?: readonly string[]
  readonly localPort?: number
  readonly remotePort?: number
  address?(): unknown
}

function describeHandle(handle: Handle & object): string[] {
  const fd = handle.fd ?? handle._handle?.fd
  if (fd !== undefined && fd >= 0 && fd <= 2) return []
  if (handle.pid) return [`child process ${handle.pid} (${handle.spawnargs?.join(' ').slice(0, 200)})`]
  if (handle.remotePort) return [`socket from port ${handle.localPort} to port ${handle.remotePort}`]
  const address = JSON.stringify(handle.address?.() ?? {})
  return [address === '{}' ? handle.constructor.name : `${handle.constructor.name} on ${address}`]
}

/** The result of `read`; undefined when what it reads is not there (not Linux), is gone meanwhile, or is not ours. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function textOf(path: string): string {
  return attempt(() => readFileSync(path, 'utf8')) ?? ''
}

function namesIn(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? []
}

/** Where each descriptor of this process leads. */
function descriptors(): { fd: string; target: string }[] {
  return namesIn('/proc/self/fd').map((fd) => ({
    fd,
    target: attempt(() => readlinkSync(`/proc/self/fd/${fd}`)) ?? '',
  }))
}

function openFiles(): string[] {
  // Node reads certificates of the environment in a thread of its own, at any time.
  const certificates = process.env['NODE_EXTRA_CA_CERTS']
  const files = descriptors().filter(
    ({ target }) => /^\/(?!(?:dev|proc|sys)\/)/.test(target) && target !== certificates,
  )
  return files.map(({ fd, target }) => `an open file, ${target} (descriptor ${fd})`)
}

/** TCP ports on which this process listens: a server that was unreferenced instead of closed. */
function listeningPorts(): string[] {
  const sockets = new Set(descriptors().map(({ target }) => /^socket:\[(\d+)\]$/.exec(target)?.[1]))
  const rows = sockets.size ? `${textOf('/proc/self/net/tcp')}\n${textOf('/proc/self/net/tcp6')}`.split('\n') : []
  return rows.flatMap((row) => {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/)
    if (state !== listening || !sockets.has(inode)) return []
    return [`a server on port ${Number.parseInt(local?.split(':').at(-1) ?? '', 16)}`]
  })
}

/** Names the processes this test file leaves behind, and ends them. */
function leakedProcesses(tag: string): string[] {
  let found = processesOf(tag)
  for (let waitedMs = 0; found.length && waitedMs < dyingMs; waitedMs += pollMs) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs)
    found = processesOf(tag)
  }
  for (const { pid } of found) attempt(() => process.kill(pid, 'SIGKILL'))
  return found.map(({ pid, words }) => `process ${pid} (${words})`)
}

function processesOf(tag: string): { pid: number; words: string }[] {
  const pids = namesIn('/proc').map(Number)
  const found = pids.filter((pid) => pid > 0 && pid !== process.pid && isOf(tag, pid))
  return found.map((pid) => ({ pid, words: textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200) }))
}

/** Whether the process carries the tag, or is a child of ours that was given another environment. */
function isOf(tag: string, pid: number): boolean {
  // The name in parentheses may hold anything: the fields are counted from behind it.
  const [state, parent] = textOf(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  if (!state || state === 'Z') return false
  const environment = textOf(`/proc/${pid}/environ`).split('\0')
  if (environment.some((entry) => entry.startsWith(`${OUTLIVES}=`))) return false
  return Number(parent) === process.pid || environment.includes(`${TAG}=${tag}`)
}
