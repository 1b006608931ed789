import { expect, test } from 'vitest'
import { withDatabases } from '../support/databases.ts'
import { query } from '../support/queries.ts'
import { withScreens } from '../support/screens.ts'

const sql = {
  schema: `
    create table photographer (id int primary key, name text not null);
    create table photo (id int primary key, photographer_id int not null references photographer, title text,
      deleted_at timestamptz);
    create table comment (id int primary key, photo_id int not null references photo, body text);`,
  backup: `
    insert into photographer values (1, 'Ida Lind'), (2, 'Omar Haddad');
    insert into photo select n, 1 + n % 2, 'Photo ' || n, null from generate_series(1, 12) n;
    insert into comment select n, n, 'Comment ' || n from generate_series(1, 4) n`,
  live: `
    delete from comment where photo_id in (1, 3);
    update photo set deleted_at = '2025-11-15 10:00+00' where photographer_id = 2`,
}

test('incidents of marked rows say so, list their rows as marked, and are brought back', async () => {
  await withDatabases(sql, (pair) =>
    withScreens(pair, { config: { softDelete: { photo: 'deleted_at' } } }, async ({ press, frame }) => {
      expect(frame().split('\n').slice(2, 11).join('\n')).toMatchInlineSnapshot(`
        " 1 incident · 2 rows missing, 6 marked as deleted in 2 tables

              what was lost                                                       rows
         ❯[ ] photo of photographer "Omar Haddad" (2)                                8
              ├ marked as deleted (deleted_at)
              ├ comment 2 missing
              ├ looks like  UPDATE photo SET deleted_at = ... WHERE photographer_id =
              │ 2
              └ 6 of 6 such rows are marked, no others"
      `)
      expect((await press('w')).split('\n').slice(2, 9).join('\n')).toMatchInlineSnapshot(`
        " photo of photographer "Omar Haddad" (2)

         where photographer_id = 2

         6 of 6 such rows of the backup are marked as deleted in live.
         Nothing else of the table is marked as deleted.
        "
      `)
      expect((await press('esc', 'enter')).split('\n').slice(2, 6).join('\n')).toMatchInlineSnapshot(`
        " photo of photo of photographer "Omar Haddad" (2)   x 6 marked as deleted

                    id  title     photographer_id  deleted_at
        ❯[ ] x       1  Photo 1                 2  ∅"
      `)
      expect((await press('enter')).split('\n').slice(2, 12).join('\n')).toMatchInlineSnapshot(`
        " photo 1    x marked as deleted                                         1 of 6

           column           live                          backup
         ❯ deleted_at       2025-11-15 02:00:00+00        ∅
           ───────────────────────────────────────────────────────────────────────────
           id               1                             =
           photographer_id  2  (Omar Haddad)              =
           title            Photo 1                       =

           refer to it: 1 comment (0 in live)"
      `)
      expect(await press('esc', 'esc', 'space', 'r', 'R', 'y')).toContain('committed')
      expect(await query(pair.live, 'select count(deleted_at)::text as marked from photo')).toEqual([{ marked: '0' }])
    }),
  )
})
