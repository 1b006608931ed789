import type { TestProject } from 'vitest/node'

import { startCluster } from '../../src/open/cluster/cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of database `postgres` in the cluster of this test run, as a superuser. */
    readonly clusterUrl: string
  }
}

/** One cluster per test run, whichever files run. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  // Little shared memory: every connection maps it anew, and a run opens thousands.
  const cluster = await startCluster({ settings: { max_connections: '200', shared_buffers: '16MB' } })
  project.provide('clusterUrl', cluster.url('postgres'))
  return () => cluster.stop()
}
