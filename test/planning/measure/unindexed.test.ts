import { describe, expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { query } from '../../support/queries.ts'
import { withRestores } from '../../support/restores.ts'

/** 400 lost galleries, and more than 500 pages of live photos that refer to others. */
const sql = {
  schema: `
    create table gallery (id serial primary key, name text);
    create table photo (id serial primary key, gallery_id integer references gallery, place integer, note text);`,
  backup: `
    insert into gallery (name) select 'Gallery ' || i from generate_series(1, 401) as i;
    insert into photo (gallery_id, place, note) select 401, i, repeat('x', 1000) from generate_series(1, 5000) as i;`,
  live: 'delete from gallery where id < 401; analyze',
}

const says =
  'photo has no index on gallery_id, by which it refers to gallery: an undo would read all of it for each of 400 rows'

const planAfter = (index: string): Promise<string> =>
  withRestores(sql, async ({ live, env }) => {
    await query(live, index)
    const { stdout } = await command(['plan', 'gallery', '--where', 'id < 401'], { env })
    return stdout.replaceAll(/\s+/g, ' ')
  })

describe.concurrent('a plan whose undo would look through a table row by row', () => {
  test.each([
    ['without an index', 'select 1'],
    ['with one on some rows', 'create index on photo (gallery_id) where place < 7'],
    ['with one that begins with another column', 'create index on photo (place, gallery_id)'],
  ])('says so: %s', async (_, index) => {
    expect(await planAfter(index)).toContain(says)
  })

  test('does not where there is an index', async () => {
    expect(await planAfter('create index on photo (gallery_id, place)')).not.toContain('has no index')
  })
})
