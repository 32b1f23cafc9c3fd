/*
 * Loaded into every test file's process: once its tests are over, the process must end by itself. What still holds it
 * after the grace time is a leak (a socket, a timer, a child) and fails the file instead of hanging the run.
 */
import { after } from 'node:test'

/** Tests' own after hooks run in this time too. */
const graceMs = 10_000

after(() => {
  setTimeout(() => {
    const held = process.getActiveResourcesInfo().filter((name) => !['TTYWrap', 'PipeWrap'].includes(name))
    process.stderr.write(`Leaked by ${process.argv[1]}: ${held.join(', ') || 'a pipe'} still open after the tests.\n`)
    process.exit(1)
  }, graceMs).unref()
})
