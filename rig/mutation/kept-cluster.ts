import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import type { testCluster as TestCluster } from '../../packages/server/testing/keeper-connection.ts'
import type { Place } from './test-process.ts'

export interface KeptCluster {
  /** Removes the databases of test files that were ended before they could. */
  dropScratch(): Promise<void>
  close(): Promise<void>
}

/** Holds the copy's test cluster, which would otherwise go and come with every test file. */
export async function keepCluster({ copy, temporary }: Place): Promise<KeptCluster> {
  process.env['AEGIS_TEST_RUN_DIRECTORY'] = temporary
  const keeper = pathToFileURL(join(copy, 'packages/server/testing/keeper-connection.ts')).href
  // The same module as of the repository, but it finds the cluster by where it stands.
  const { testCluster } = (await import(keeper)) as { testCluster: typeof TestCluster }
  const { ownerUrl } = await testCluster()
  const client = new pg.Client({ connectionString: ownerUrl })
  client.on('error', () => undefined)
  await client.connect()
  return {
    async dropScratch() {
      const { rows } = await client.query<{ name: string }>(
        `select datname as name from pg_database where datname like 'scratch\\_%'`,
      )
      for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`)
    },
    close: () => client.end(),
  }
}
