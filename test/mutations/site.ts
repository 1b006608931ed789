/** A site of which something is lost in every way, how live is put back after a run, and what a plan allows to have changed. */

import type { Plan } from '../../src/index.ts'
import { keysOf } from '../../src/keys/key-columns.ts'
import { query } from '../support/queries.ts'

export const site = {
  schema: `
    create table gallery (id serial primary key, slug text not null unique, title text not null);
    create table photo (id serial primary key, title text not null, gallery_id integer references gallery on delete set null);
    create table comment (id serial primary key, gallery_id integer not null references gallery on delete cascade, body text);
    create table tag (id integer primary key, name text not null);
    create table photo_tag (photo_id integer references photo on delete cascade, tag_id integer references tag on delete cascade,
      primary key (photo_id, tag_id));
    create function touch() returns trigger language plpgsql as 'begin return new; end';
    create trigger touched after insert on comment for each row execute function touch();`,
  backup: `
    insert into gallery values (5, 'club', 'Club'), (6, 'attic', 'Attic'), (7, 'pets', 'Pets'), (8, 'sea', 'By the sea');
    insert into photo values (1, 'cat', 7), (2, 'dog', 7), (3, 'gull', 8), (4, 'hall', 5), (5, 'beam', 6), (6, 'rope', 8);
    insert into comment values (11, 7, 'aww'), (12, 7, 'more'), (13, 8, 'cold'), (14, 5, 'old');
    insert into tag values (1, 'fur'), (2, 'salt');
    insert into photo_tag values (1, 1), (2, 1), (3, 2), (6, 2);
    select setval('gallery_id_seq', 8), setval('photo_id_seq', 6), setval('comment_id_seq', 14);`,
  live: `
    delete from photo where id in (5, 6);
    delete from gallery where id in (5, 6, 7);
    insert into gallery values (20, 'club', 'New club');
    update photo set title = 'bird' where id = 3;
    insert into comment (gallery_id, body) values (8, 'late')`,
} as const

/** Ways to make a plan of it. */
export const ways: readonly (readonly string[])[] = [
  ['gallery', '7'],
  ['gallery', '7', '--keys', 'new'],
  ['gallery', '5', '--on-conflict', 'match'],
  ['gallery', '5', '--on-conflict', 'overwrite'],
  ['gallery', '5'],
  ['photo', '5', '--parents', 'null'],
  ['photo', '--where', 'id in (3, 6)', '--on-conflict', 'overwrite', '--set', 'photo.title=given'],
]

const tables = ['gallery', 'photo', 'comment', 'tag', 'photo_tag'] as const

type Row = Readonly<Record<string, string | number | null>>

/** Every row by table and key. */
export type Rows = ReadonlyMap<string, ReadonlyMap<string, Row>>

const keyOf = (table: string, row: Row): string =>
  table === 'photo_tag' ? `${row.photo_id}\0${row.tag_id}` : String(row.id)

/** Everything that live holds. */
export const readRows = async (url: string): Promise<Rows> => {
  const found = await query(
    url,
    tables.map((name) => `select '${name}' as name, to_jsonb(t)::text as row from ${name} as t`).join(' union all '),
  )
  const rows = new Map(tables.map((name) => [`public.${name}`, new Map<string, Row>()]))
  for (const { name, row } of found) {
    const value: Row = JSON.parse(row ?? '{}')
    rows.get(`public.${name}`)?.set(keyOf(name ?? '', value), value)
  }
  return rows
}

/** Makes live hold these rows and no others; nothing fires. */
export const putRows = async (url: string, rows: Rows): Promise<void> => {
  const inserts = [...rows].map(([table, own]) => {
    const document = JSON.stringify([...own.values()]).replaceAll("'", "''")
    return `insert into ${table} select * from jsonb_populate_recordset(null::${table}, '${document}');`
  })
  await query(
    url,
    `begin; set local session_replication_role = replica; truncate ${tables.join(', ')}; ${inserts.join('\n')} commit`,
  )
}

/** What live holds now that the plan does not say; null where it says all of it. */
export const whyUnplanned = (plan: Plan, before: Rows, after: Rows): string | null => {
  for (const [table, was] of before) {
    const now = after.get(table) ?? new Map<string, Row>()
    const steps = plan.steps.filter((step) => step.table === table)
    const inserts = steps.filter(({ action }) => action === 'insert')
    const wanted = inserts.reduce((sum, { rows }) => sum + rows, 0)
    const come = [...now.keys()].filter((key) => !was.has(key))
    if (come.length !== wanted) return `${table} has ${come.length} more rows, for ${wanted}`
    const named = new Set(inserts.flatMap(({ keys }) => keysOf(keys)))
    const changing = inserts.some(({ allocate }) => allocate !== undefined)
    const stray = come.find((key) => !named.has(key) && !changing && table !== 'public.photo_tag')
    if (stray !== undefined) return `${table} has ${stray}, which nobody named`
    for (const [key, row] of was) {
      const current = now.get(key)
      if (current === undefined) return `${table} lacks ${key}`
      const updates = steps.filter(
        ({ action, keys, live }) => action === 'update' && keysOf(live ?? keys).includes(key),
      )
      const columns = new Set(updates.flatMap((step) => step.columns))
      const changed = Object.keys(row).find((name) => row[name] !== current[name] && !columns.has(name))
      if (changed !== undefined) return `${table} ${key} has another ${changed}`
    }
  }
  return null
}
