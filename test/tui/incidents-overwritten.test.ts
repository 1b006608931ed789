import { expect, test } from 'vitest'
import { withDatabases } from '../support/databases.ts'
import { query } from '../support/queries.ts'
import { withScreens } from '../support/screens.ts'

const sql = {
  schema: `
    create table customer (id int primary key, name text not null, active int not null, activebool boolean not null);
    create table gallery (id int primary key, slug text unique);`,
  backup: `
    insert into customer select n, 'Customer ' || n, (n % 5 <> 0)::int, true from generate_series(1, 40) n;
    insert into gallery values (1, 'pets'), (2, 'cars')`,
  live: `
    begin; update customer set active = 0, activebool = false; commit;
    update customer set name = 'Renamed' where id = 3;
    update gallery set slug = 'pets-2' where id = 1;
    delete from gallery where id = 2`,
}

test('overwritten rows stand among the incidents, and what is reviewed takes the columns of the backup', async () => {
  await withDatabases(sql, (pair) =>
    withScreens(pair, {}, async ({ press, frame }) => {
      expect(frame().split('\n').slice(2, 15).join('\n')).toMatchInlineSnapshot(`
        " 2 incidents · 1 row missing in 1 table, 40 rows overwritten in 1 table

              what was lost                                                       rows
          [ ] ~ active, activebool of customer                                      40
              ├ looks like  UPDATE customer SET active = 0, activebool = false
              └ 40 of 40 such rows, no others, by one transaction
         ❯[ ] gallery "cars" (2)                                                     1
              └ looks like  DELETE FROM gallery WHERE slug = 'cars'

            Rows made after postgres@127.0.0.1:54321/then_____________ and deleted
            since cannot be seen here.
            Changed since, no incident: gallery 1 · t tables, m
        "
      `)
      expect((await press('up', 'w')).split('\n').slice(2, 12).join('\n')).toMatchInlineSnapshot(`
        " active, activebool of customer

         where true

         40 of 40 such rows of the backup hold in live what this makes of them:
           active = 0
           activebool = false
         No other row of the table differs in these columns.

        "
      `)
      expect((await press('esc', 'enter')).split('\n').slice(2, 6).join('\n')).toMatchInlineSnapshot(`
        " customer of active, activebool of customer   ~ 40 changed

                    id  name         active  activebool
        ❯[ ] ~       1  Customer 1       ▸1  ▸true"
      `)
      expect((await press('esc', 'space', 'r')).split('\n').slice(2, 12).join('\n')).toMatchInlineSnapshot(`
        " Review: nothing has been written yet                           39 rows updated

           The UPDATE hits 40 rows of customer · 1 missing · 39 still damaged
           update     customer    31   active, activebool: the backup's values
           update     customer     8   activebool: the backup's values
           left out   customer     1   live's row has other values in name too, and may
                                       be another record; an UPDATE is undone only in
                                       rows that live still has · 3

           One transaction, verified before commit, undoable. Stages about 3.2 kB,"
      `)
      await press('R', 'y')
      expect(
        await query(pair.live, 'select active, activebool, count(*) from customer group by 1, 2 order by 1'),
      ).toEqual([
        { active: '0', activebool: 'f', count: '1' },
        { active: '0', activebool: 't', count: '8' },
        { active: '1', activebool: 't', count: '31' },
      ])
    }),
  )
})

test('where nothing is missing, and nothing was overwritten, it says that it has looked', async () => {
  await withDatabases({ ...sql, live: 'select 1' }, (pair) =>
    withScreens(pair, {}, async ({ frame }) => {
      expect(frame()).toContain('Nothing is missing.')
      expect(frame()).toContain('No UPDATE of many rows was found either.')
    }),
  )
})
