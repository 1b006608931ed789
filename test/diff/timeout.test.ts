import { expect, test } from 'vitest'
import { withAttempts } from '../support/attempts.ts'
import { query } from '../support/queries.ts'

const sql = {
  schema: 'create table photo (id integer primary key)',
  backup: 'insert into photo values (1)',
}

test.each([
  ['of the backup, asked by the user', ['plan', 'photo', '--where', 'pg_sleep(600) is not null', '--timeout', '1s']],
  ['of either side', ['diff', '--timeout', '1ms']],
])('a statement %s that takes longer than allowed is stopped on the server, and the flag is named', (_, argv) =>
  withAttempts(sql, async ({ rowgraft, backup }) => {
    const { exit, stderr } = await rowgraft(argv)
    expect({ exit: exit === 0, stderr }).toEqual({ exit: false, stderr: expect.stringContaining('--timeout') })
    const busy =
      "select query from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and datname = current_database()"
    expect(await query(backup, busy)).toEqual([])
  }),
)
