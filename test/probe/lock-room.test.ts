import { expect, test } from 'vitest'
import { withCluster } from '../../src/cluster/cluster.ts'
import { executeSql, open } from '../../src/index.ts'

const partitions = 60

const schema = `
  create table reading (id integer primary key, value text) partition by list (id);
  ${Array.from({ length: partitions }, (_, n) => `create table reading_${n} partition of reading for values in (${n});`).join('\n')}
  insert into reading select i, 'reading ' || i from generate_series(0, ${partitions - 1}) as i;`

test('a table with more partitions and indexes than the server has locks for is refused with figures, before anything is written', () =>
  withCluster({ settings: { max_connections: '10', max_locks_per_transaction: '12' } }, async (cluster) => {
    await executeSql(cluster.url('postgres'), 'create database backup')
    await executeSql(cluster.url('backup'), schema)
    await executeSql(cluster.url('postgres'), 'create database live template backup')
    await executeSql(cluster.url('live'), 'delete from reading where id = 7')
    const rowgraft = await open({ live: cluster.url('live'), backup: cluster.url('backup'), env: {} })
    try {
      const selection = { selectors: [{ by: 'all missing', table: 'reading' } as const], columns: null }
      await expect(rowgraft.plan(selection)).rejects.toMatchObject({
        code: 'not-restorable',
        message: expect.stringMatching(
          new RegExp(
            `^"public.reading" with all partitions and indexes take ${2 * (partitions + 1)} locks, and live has room for \\d+$`,
          ),
        ),
      })
    } finally {
      await rowgraft.close()
    }
  }))
