/** A pair of databases on a server of their own, for what only a server's own settings bring about. */

import { executeSql, open, type Rowgraft } from '../../src/index.ts'
import { withCluster } from '../../src/open/cluster/cluster.ts'

/** Runs `work` with both sides open: the backup holds what `schema` says, live what `live` then leaves of it. */
export const withOwnCluster = (
  settings: Readonly<Record<string, string>>,
  { schema, live }: { readonly schema: string; readonly live: string },
  work: (rowgraft: Rowgraft, live: string) => Promise<void>,
): Promise<void> =>
  withCluster({ settings }, async (cluster) => {
    await executeSql(cluster.url('postgres'), 'create database backup')
    await executeSql(cluster.url('backup'), schema)
    await executeSql(cluster.url('postgres'), 'create database live template backup')
    await executeSql(cluster.url('live'), live)
    const rowgraft = await open({ live: cluster.url('live'), backup: cluster.url('backup'), env: {} })
    try {
      await work(rowgraft, cluster.url('live'))
    } finally {
      await rowgraft.close()
    }
  })
