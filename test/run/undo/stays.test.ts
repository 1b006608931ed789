/** Rows that triggers write beside those of a run: an undo leaves them, and says so. */
import { expect, test } from 'vitest'
import { withAttempts } from '../../support/attempts.ts'
import { query } from '../../support/queries.ts'

const audited = {
  schema: `
    create table txn (id integer primary key, memo text);
    create table audit (id bigint generated always as identity primary key, op text)`,
  backup: "insert into txn values (1, 'rent'), (2, 'food')",
  live: `
    delete from txn where id = 1;
    create function note() returns trigger language plpgsql
      as $$ begin insert into audit (op) values (tg_op); return coalesce(new, old); end $$;
    create trigger note before insert or update or delete on txn for each row execute function note();
    create function keep() returns trigger language plpgsql as $$ begin raise 'append only'; end $$;
    create trigger keep before update or delete on audit for each row execute function keep()`,
}

test('rows that triggers wrote into an audit which lets none go stay when a run is undone, and that is said', async () => {
  await withAttempts(audited, async (attempts) => {
    const restored = await attempts.rowgraft(['restore', 'txn', '1', '--yes'])
    expect(restored.stdout.replace(/\s+/g, ' ')).toContain(
      'An undo does not take back: rows that triggers wrote into audit stay.',
    )
    const undone = await attempts.rowgraft(['undo', '--yes'])
    expect({ exit: undone.exit, stdout: undone.stdout }).toEqual({
      exit: 0,
      stdout: expect.stringContaining('Note: rows that triggers of the run wrote into audit stay there'),
    })
    expect(await query(attempts.live, 'select id from txn')).toEqual([{ id: '2' }])
    expect(await query(attempts.live, 'select op from audit order by id')).toEqual([{ op: 'INSERT' }, { op: 'DELETE' }])
  })
})
