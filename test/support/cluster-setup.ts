import type { TestProject } from 'vitest/node'

import { startCluster } from '../../src/cluster/cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of database `postgres` in the cluster of this test run, as a superuser. */
    readonly clusterUrl: string
  }
}

/** One cluster per test run, whichever files run. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const cluster = await startCluster({ settings: { max_connections: '200' } })
  project.provide('clusterUrl', cluster.url('postgres'))
  return () => cluster.stop()
}
