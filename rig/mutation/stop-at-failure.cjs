/*
 * A reporter for node:test: ends the process at the first test that fails, with exit code 1, or 2 when the test took too
 * long. Prints how long each test took. node:test finds a reporter by a default export, which modules of this repository do not have.
 */
module.exports = async function* stopAtFailure(events) {
  for await (const { type, data } of events) {
    // The results proper come in the order of the file, this one at once.
    if (type === 'test:complete' && !data.details.passed && data.todo === undefined) {
      process.exit(data.details.error?.failureType === 'testTimeoutFailure' ? 2 : 1)
    }
    if (type === 'test:pass') yield `${data.details.duration_ms}\n`
  }
}
