import { expect, test } from 'vitest'
import { withOwnCluster } from '../../support/own-cluster.ts'

const partitions = 60

const schema = `
  create table reading (id integer primary key, value text) partition by list (id);
  ${Array.from({ length: partitions }, (_, n) => `create table reading_${n} partition of reading for values in (${n});`).join('\n')}
  insert into reading select i, 'reading ' || i from generate_series(0, ${partitions - 1}) as i;`

test('a table with more partitions and indexes than the server has locks for is refused with figures, before anything is written', () =>
  withOwnCluster(
    { max_connections: '10', max_locks_per_transaction: '12' },
    { schema, live: 'delete from reading where id = 7' },
    async (rowgraft) => {
      const selection = { selectors: [{ by: 'all missing', table: 'reading' } as const], columns: null }
      await expect(rowgraft.plan(selection)).rejects.toMatchObject({
        code: 'not-restorable',
        message: expect.stringMatching(
          new RegExp(
            `^"public.reading" with all partitions and indexes take ${2 * (partitions + 1)} locks, and live has room for \\d+$`,
          ),
        ),
      })
    },
  ))
