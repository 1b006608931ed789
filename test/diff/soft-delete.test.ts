import { expect, test } from 'vitest'
import { command } from '../support/command.ts'
import { withDatabases } from '../support/databases.ts'

const sql = {
  schema: 'create table photo (id int primary key, title text, deleted_at timestamptz)',
  backup: "insert into photo select n, 'photo ' || n, null from generate_series(1, 5) n",
  live: `update photo set deleted_at = '2025-11-15 10:00+00' where id in (2, 3);
         update photo set title = 'edited' where id = 4;
         delete from photo where id = 5`,
}

const counts = async (env: Readonly<Record<string, string>>, flags: readonly string[]): Promise<unknown> => {
  const { stdout } = await command(['diff', '--json', ...flags], { env })
  return (JSON.parse(stdout) as { tables: unknown[] }).tables[0]
}

test('rows that are only marked as deleted are a state of their own, once somebody says so', () =>
  withDatabases(sql, async ({ live, backup }) => {
    const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup }
    expect(await counts(env, [])).toMatchObject({ missing: 1, changed: 3, deleted: 0 })
    expect(await counts(env, ['--soft-delete', 'photo.deleted_at'])).toMatchObject({
      missing: 1,
      changed: 1,
      deleted: 2,
    })
  }))

test('a column that looks like a soft delete is pointed out', () =>
  withDatabases(sql, async ({ live, backup }) => {
    const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup }
    const { stdout } = await command(['tables'], { env })
    expect(stdout).toContain('--soft-delete')
    const confirmed = await command(['tables', '--soft-delete', 'photo.deleted_at'], { env })
    expect(confirmed.stdout).not.toContain('--soft-delete')
  }))

test('a column that cannot mark rows is refused', () =>
  withDatabases(sql, async ({ live, backup }) => {
    const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup }
    const refused = await command(['diff', '--soft-delete', 'photo.id'], { env })
    expect(refused.exit).toBe(2)
    expect(refused.stderr).toContain('cannot mark a row as deleted')
  }))
