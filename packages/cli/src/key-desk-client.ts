import { isAegisError, type KeysApi, loadConfig } from '@aegis/server'
import { connectToInstance, type InstanceOptions } from './instance-client.ts'
import type { Programs } from './programs.ts'
import { untilStopped } from './stop-request.ts'
import type { Terminal } from './terminal.ts'

/** The routes about credentials, answered by the running instance or by the home of one that does not run. */
export interface KeyDeskClient {
  ask<R extends keyof KeysApi>(route: R, request: KeysApi[R]['request']): Promise<KeysApi[R]['response']>
}

/**
 * Lets `work` ask about credentials: the running instance of the home if there is one. Otherwise the home itself is opened
 * for as long as `work` takes, with its database, so that the first credential can be given before the first start.
 */
export async function withKeyDesk<T>(
  { terminal, programs }: { terminal: Terminal; programs: Programs },
  options: InstanceOptions,
  work: (desk: KeyDeskClient) => Promise<T>,
): Promise<T> {
  try {
    const instance = connectToInstance(terminal, options)
    return await work({ ask: (route, request) => instance.ask(route, request) })
  } catch (error) {
    if (!isAegisError(error, 'ops.not-running')) throw error
  }
  const { env, cwd, err } = terminal
  const { home, config: configFile } = options
  const argvOverrides = { ...(home !== undefined && { home }), ...(configFile !== undefined && { configFile }) }
  const { config, warnings } = loadConfig({ argvOverrides, env, cwd })
  for (const warning of warnings) err.write(`Warning: ${warning}\n`)
  err.write(`Nothing runs on ${config.home}: it is opened for this command.\n`)
  const remedy = 'whether it was done is not known: "aegis keys list" shows it.'
  return untilStopped({ terminal, remedy }, async (signal) => {
    const keys = await programs.openKeys(config, {}, signal)
    const ended = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => ended.reject(signal.reason))
    try {
      const done = work({ ask: (route, request) => keys.operations[route](request) })
      return await Promise.race([done, ended.promise])
    } finally {
      await keys.stop()
    }
  })
}
