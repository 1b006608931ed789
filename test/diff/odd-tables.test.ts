/** Tables of an odd kind do not stop the others. */
import { expect, test } from 'vitest'
import { withAttempts } from '../support/attempts.ts'

test('ranges of days are no days, and tables without columns, or with none in common, are compared or named', () =>
  withAttempts(
    {
      schema: `
        create table booking (id int primary key, room int not null, during daterange, spans tstzmultirange);
        create table marker ();
        create table log (a int);`,
      backup: `
        insert into booking
          select n, n % 5, daterange(date '2025-01-01' + n, date '2025-01-03' + n) from generate_series(1, 200) n;
        insert into marker default values;
        insert into log values (1);`,
      live: `
        delete from booking where id between 30 and 60;
        insert into marker default values;
        alter table log rename column a to b;`,
    },
    async ({ rowgraft }) => {
      const diff = JSON.parse((await rowgraft(['diff', '--json'])).stdout)
      expect(diff.tables).toMatchObject([
        { table: 'public.booking', missing: 31, extra: 0 },
        { table: 'public.marker', missing: 0, extra: 1 },
      ])
      const { incidents, leftOut } = JSON.parse((await rowgraft(['incidents', '--json'])).stdout)
      expect(incidents).toMatchObject([{ rows: 31, condition: { sql: 'id between 30 and 60', isOnly: true } }])
      expect(leftOut).toContainEqual(
        expect.objectContaining({ table: 'public.log', why: 'live and backup have no column of it in common' }),
      )
    },
  ))
