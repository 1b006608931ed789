import { statfsSync } from 'node:fs'
import type { TestProject } from 'vitest/node'

import { startCluster } from '../../src/open/cluster/cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of database `postgres` in the cluster of this test run, as a superuser. */
    readonly clusterUrl: string
  }
}

/** Bytes that the databases of a run may take together. */
const room = 4 * 2 ** 30

/**
 * A folder that is kept in memory, where there is one with room. A database is 300 files: to copy them costs the server 7 ms there, and
 * 100 to 150 on a disk; a run makes thousands.
 */
const folderInMemory = (): string | undefined => {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > room ? '/dev/shm' : undefined
  } catch {
    return undefined
  }
}

/** One cluster per test run, whichever files run. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  // Little shared memory: every connection maps it anew, and a run opens thousands.
  const settings = { max_connections: '200', shared_buffers: '16MB' }
  const cluster = await startCluster({ settings, base: folderInMemory() })
  project.provide('clusterUrl', cluster.url('postgres'))
  return () => cluster.stop()
}
