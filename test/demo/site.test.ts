import { expect, test } from 'vitest'

import { lostGallery, takenDown, unsetBefore } from '../../src/demo/history.ts'
import { makeSiteRows } from '../../src/demo/rows.ts'
import { buildBackupSql, buildLiveStatements } from '../../src/demo/site.ts'
import { type DatabasePair, withDatabases } from '../support/databases.ts'
import { query } from '../support/queries.ts'

const withSite = (work: (databases: DatabasePair) => Promise<void>): Promise<void> =>
  withDatabases({ schema: buildBackupSql() }, async (databases) => {
    for (const statement of buildLiveStatements()) await query(databases.live, statement)
    await work(databases)
  })

const list = (values: readonly (string | null | undefined)[]): string =>
  values.map((value) => `'${value}'`).join(', ') || 'null'

test('the site is the same every time, and no two photos have one slug', () => {
  const rows = makeSiteRows()
  expect(makeSiteRows()).toEqual(rows)
  expect(Object.fromEntries(Object.entries(rows).map(([table, { length }]) => [table, length]))).toEqual({
    photographer: 12,
    gallery: 13,
    photo: 117,
    gallery_photos: 153,
    tag: 22,
    gallery_tags: 35,
    comment: 112,
  })
  expect(new Set(rows.photo.map(({ slug }) => slug)).size).toBe(rows.photo.length)
})

test('live has lost the gallery with 36 links, 5 tags and 19 comments', async () => {
  await withSite(async ({ live, backup }) => {
    const [gallery] = await query(backup, `select id from gallery where slug = '${lostGallery}'`)
    const counts = `
      select
        (select count(*) from gallery where id = ${gallery?.id}) as galleries,
        (select count(*) from gallery_photos where gallery_id = ${gallery?.id}) as links,
        (select count(*) from gallery_tags where gallery_id = ${gallery?.id}) as tags,
        (select count(*) from comment where gallery_id = ${gallery?.id}) as comments,
        (select count(*) from photo where cover_gallery_id = ${gallery?.id}) as covers,
        (select count(*) from photo where slug in (${list(takenDown)})) as taken_down`
    expect(await query(backup, counts)).toEqual([
      { galleries: '1', links: '36', tags: '5', comments: '19', covers: '12', taken_down: '2' },
    ])
    expect(await query(live, counts)).toEqual([
      { galleries: '0', links: '0', tags: '0', comments: '0', covers: '0', taken_down: '0' },
    ])
  })
})

test('twelve of the lost link ids belong to other links, and the sequence stands below the highest lost one', async () => {
  await withSite(async ({ live, backup }) => {
    const links = `
      select l.id
      from gallery_photos l
      join gallery g on g.id = l.gallery_id
      where g.slug = '${lostGallery}'
      order by l.id`
    const lost = (await query(backup, links)).map(({ id }) => id)
    const reused = await query(live, `select id from gallery_photos where id in (${list(lost)}) order by id`)
    expect(reused.map(({ id }) => id)).toEqual(lost.slice(-14, -2))
    expect(await query(live, 'select last_value from gallery_photos_id_seq')).toEqual([
      { last_value: reused.at(-1)?.id },
    ])
  })
})

test('one cover had been emptied before the deletion, ten were by it, and one photo was edited after it', async () => {
  await withSite(async ({ live, backup }) => {
    const covers = `
      select p.slug
      from photo p
      join gallery g on g.id = p.cover_gallery_id
      where g.slug = '${lostGallery}'`
    const slugs = (await query(backup, covers)).map(({ slug }) => slug)
    const groups = await query(
      live,
      `select count(*) as photos, min(slug) as first
      from photo
      where slug in (${list(slugs)})
      group by xmin
      order by xmin::text::bigint`,
    )
    expect(groups).toEqual([
      { photos: '1', first: unsetBefore },
      { photos: '10', first: 'bella-on-the-beach' },
      { photos: '1', first: 'two-dogs-one-stick' },
    ])
  })
})

test('both sides hand out ids that are free', async () => {
  await withSite(async ({ live, backup }) => {
    for (const url of [live, backup]) {
      await query(
        url,
        `insert into gallery (slug, title) values ('one-more', 'One more');
        insert into photo (slug, title, photographer_id) values ('one-more', 'One more', 1);
        insert into gallery_photos (gallery_id, photo_id, position)
          select g.id, p.id, 1 from gallery g join photo p using (slug) where slug = 'one-more';
        insert into comment (photo_id, author, body) select id, 'Ivo', 'One more!' from photo where slug = 'one-more'`,
      )
    }
  })
})
