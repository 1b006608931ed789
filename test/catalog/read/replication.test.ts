import { describe, expect, test } from 'vitest'

import { refuse, withAttempts } from '../../support/attempts.ts'
import { query } from '../../support/queries.ts'

const photos = {
  schema: 'create table photo (id integer primary key, title text)',
  backup: `insert into photo values (1, 'cat'), (2, 'dog')`,
  live: `delete from photo where id = 1; update photo set title = 'eel' where id = 2`,
}

const published = (publication: string): typeof photos => ({
  ...photos,
  live: `${photos.live}; alter table photo replica identity nothing; create publication feed for ${publication}`,
})

describe('a table that is published without a replica identity', () => {
  test('takes rows, and the plan says that they cannot be undone', async () => {
    await withAttempts(published('all tables'), async (attempts) => {
      const { stdout } = await attempts.rowgraft(['plan', 'photo', '1'])
      expect(stdout).toContain('One transaction, verified before commit. Stages')
      expect(stdout.replace(/\s+/g, ' ')).toContain(
        'Rows of photo cannot be undone as live is: publication "feed" publishes deletes of it, and it has no replica identity.',
      )
      expect((await attempts.rowgraft(['restore', 'photo', '1', '--yes'])).exit).toBe(0)
      const says = ['live does not let rows of "public.photo" be deleted', 'publication "feed"']
      await refuse(attempts, ['undo', '--yes'], { exit: 4, says, hint: 'replica identity full' })
      await query(attempts.live, 'alter table photo replica identity full')
      expect((await attempts.rowgraft(['undo', '--yes'])).exit).toBe(0)
    })
  })

  test('takes no updates, which is said before anything is written', async () => {
    await withAttempts(published('table photo'), async (attempts) => {
      const says = ['live does not let rows of "public.photo" be updated', 'publishes updates of it']
      const restore = ['restore', 'photo', '2', '--on-conflict', 'overwrite', '--yes']
      await refuse(attempts, restore, { exit: 4, says, hint: 'alter table public.photo replica identity full;' })
    })
  })

  test('is like any other where only inserts are published', async () => {
    await withAttempts(published(`table photo with (publish = 'insert')`), async ({ rowgraft }) => {
      expect((await rowgraft(['restore', 'photo', '1', '2', '--on-conflict', 'overwrite', '--yes'])).exit).toBe(0)
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
    })
  })

  test('may be a partition alone', async () => {
    const sql = {
      schema: `create table log (id integer, day integer, line text, primary key (id, day)) partition by range (day);
        create table log_1 partition of log for values from (0) to (10)`,
      backup: `insert into log values (1, 1, 'in'), (2, 2, 'out')`,
      live: `update log set line = 'gone'; alter table log_1 replica identity nothing; create publication feed for table log_1`,
    }
    await withAttempts(sql, async (attempts) => {
      const restore = ['restore', 'log', '1,1', '--columns', 'line', '--yes']
      await refuse(attempts, restore, {
        exit: 4,
        says: ['"public.log"', 'publication "feed"'],
        hint: 'replica identity',
      })
    })
  })
})

test('a table that a subscription writes is refused by its name', async () => {
  await withAttempts(photos, async (attempts) => {
    await query(
      attempts.live,
      `create subscription feed connection 'dbname=elsewhere' publication feed with (connect = false, slot_name = none);
       set allow_system_table_mods = on;
       insert into pg_subscription_rel (srsubid, srrelid, srsubstate)
       select oid, 'photo'::regclass, 'r' from pg_subscription where subname = 'feed'`,
    )
    try {
      const says = ['"public.photo" cannot be restored', 'subscription "feed" writes it in live']
      await refuse(attempts, ['restore', 'photo', '1', '--yes'], { exit: 4, says, hint: 'rowgraft tables' })
    } finally {
      await query(attempts.live, 'drop subscription feed')
    }
  })
})
