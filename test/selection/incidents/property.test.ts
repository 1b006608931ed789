import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IncidentReport, Plan, Rowgraft } from '../../../src/index.ts'
import { keysOf } from '../../../src/keys/key-columns.ts'
import { withDatabases } from '../../support/databases.ts'
import { withRowgraft } from '../../support/incidents.ts'
import { query } from '../../support/queries.ts'

const schema = `
  create table owner (id int primary key, name text, boss int references owner on delete cascade);
  create table item (id int primary key, owner_id int references owner on delete cascade,
    spare int references owner on delete set null, inside int references item on delete cascade, kind text);
  create table note (id int primary key, item_id int references item, owner_id int references owner on delete cascade);
  create table tag (id int primary key, name text);
  create table item_tag (item_id int references item on delete cascade, tag_id int references tag on delete cascade,
    by_whom text, primary key (item_id, tag_id));`

/** Rows as numbers: parents are taken modulo the number of parents there are, 0 is none. */
const data = fc.record({
  owners: fc.array(fc.nat(3), { minLength: 3, maxLength: 6 }),
  items: fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(2)), { minLength: 8, maxLength: 20 }),
  notes: fc.array(fc.tuple(fc.nat(20), fc.nat(9)), { minLength: 4, maxLength: 16 }),
  tags: fc.integer({ min: 2, max: 5 }),
  links: fc.array(fc.tuple(fc.nat(20), fc.nat(9)), { minLength: 10, maxLength: 40 }),
})

const losses = fc.array(
  fc.oneof(
    fc.nat(6).map(
      (n) => `delete from note where owner_id = ${n} or item_id in (select id from item where owner_id = ${n});
      update note set item_id = null; delete from owner where id = ${n}`,
    ),
    fc.integer({ min: 1, max: 12 }).map(
      (n) => `update note set item_id = null where item_id = ${n} and id % 2 = 0; delete from note where item_id in
      (with recursive gone as (select id from item where id = ${n} union select i.id from item i join gone g on i.inside = g.id)
       select id from gone); delete from item where id = ${n}`,
    ),
    fc.nat(2).map((n) => `update note set item_id = null; delete from item where kind = 'kind ${n}'`),
    fc.integer({ min: 1, max: 4 }).map((n) => `delete from tag where id = ${n}`),
    fc.integer({ min: 1, max: 12 }).map((n) => `delete from item_tag where item_id = ${n}`),
    fc.tuple(fc.nat(12), fc.nat(12)).map(([a, b]) => `delete from note where id between ${a} and ${b}`),
  ),
  { minLength: 2, maxLength: 6 },
)

const reference = (number: number, count: number): string => (number === 0 ? 'null' : String(1 + (number % count)))

const fill = ({ owners, items, notes, tags, links }: typeof data extends fc.Arbitrary<infer T> ? T : never): string => {
  const insert = (table: string, rows: readonly string[]): string =>
    rows.length === 0 ? '' : `insert into ${table} values ${rows.join(', ')} on conflict do nothing;`
  return [
    'truncate owner, item, note, tag, item_tag;',
    insert(
      'owner',
      owners.map((boss, n) => `(${n + 1}, 'Owner ${n}', ${boss > n ? 'null' : reference(boss, n + 1)})`),
    ),
    insert(
      'item',
      items.map(
        ([owner, spare, inside, kind], n) =>
          `(${n + 1}, ${reference(owner, owners.length)}, ${reference(spare, owners.length)}, ${inside > n ? 'null' : reference(inside, n + 1)}, 'kind ${kind}')`,
      ),
    ),
    insert(
      'note',
      notes.map(
        ([item, owner], n) => `(${n + 1}, ${reference(item, items.length)}, ${reference(owner, owners.length)})`,
      ),
    ),
    insert(
      'tag',
      Array.from({ length: tags }, (_, n) => `(${n + 1}, 'tag ${n}')`),
    ),
    insert(
      'item_tag',
      links.map(([item, tag]) => `(${1 + (item % items.length)}, ${1 + (tag % tags)}, 'someone')`),
    ),
  ].join('\n')
}

const planOf = (rowgraft: Rowgraft, ids: readonly string[]): Promise<Plan> =>
  rowgraft.plan({ selectors: ids.map((id) => ({ by: 'incident', id })), columns: null })

/** Rows that are inserted, or rid of their mark. */
const broughtKeys = ({ steps }: Plan): readonly string[] =>
  steps
    .filter(({ action, because }) => action === 'insert' || because !== 'survivor')
    .flatMap(({ table, keys }) => keysOf(keys).map((key) => `${table} ${key.replaceAll('\0', ',')}`))

const perTable = (keys: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(keys, (key) => key.split(' ')[0] ?? '')].map(([table, own]) => [table, own.length]),
  )

const countOf = (tables: IncidentReport['incidents'][number]['tables']): Readonly<Record<string, number>> =>
  Object.fromEntries(tables.map(({ table, rows }) => [table, rows]))

/** Checks what is said of the incidents between the two sides, with and without marks. */
const checkIncidents = async (rowgraft: Rowgraft): Promise<void> => {
  const { incidents, leftOut } = await rowgraft.incidents()
  const missing: Record<string, number> = {}
  for await (const { table, missing: own, reused, deleted } of rowgraft.diff()) {
    if (own + reused + deleted > 0) missing[table] = own + reused + deleted
  }
  const counted: Record<string, number> = {}
  for (const { tables, rows: total } of incidents) {
    expect(total).toBe(tables.reduce((sum, own) => sum + own.rows, 0))
    for (const own of tables) counted[own.table] = (counted[own.table] ?? 0) + own.rows
  }
  const markedBefore = leftOut.filter(({ kind }) => kind === 'marked before')
  for (const { table, rows } of markedBefore) missing[table] = (missing[table] ?? 0) - (rows ?? 0)
  const lost = Object.fromEntries(Object.entries(missing).filter(([, count]) => count > 0))
  expect(counted).toEqual(lost)
  if (incidents.length === 0) return
  const all = broughtKeys(
    await planOf(
      rowgraft,
      incidents.map(({ id }) => id),
    ),
  )
  expect(perTable(all), 'all incidents together bring everything back').toEqual(lost)
  for (const { id, tables, ties } of incidents) {
    const own = perTable(broughtKeys(await planOf(rowgraft, [id])))
    const expected: Record<string, number> = { ...countOf(tables) }
    for (const { how, table, rows: awaited } of ties) {
      if (how === 'awaits') expected[table] = (expected[table] ?? 0) - awaited
    }
    const shortfall = Object.entries(expected).filter(([table, count]) => (own[table] ?? 0) < count)
    expect(shortfall, 'what it counts comes back').toEqual([])
    if (ties.some(({ how }) => how === 'brings')) continue
    const exact = Object.fromEntries(Object.entries(expected).filter(([, count]) => count > 0))
    expect(own, 'and nothing else, unless it says so').toEqual(exact)
  }
}

test(
  'every missing row is in one incident, and restoring an incident brings back what it counts',
  { timeout: 600_000 },
  () =>
    withDatabases({ schema }, (pair) =>
      fc.assert(
        fc.asyncProperty(data, losses, async (rows, statements) => {
          await query(pair.backup, fill(rows))
          await query(pair.live, fill(rows))
          for (const statement of statements) await query(pair.live, statement)
          await withRowgraft(pair, checkIncidents)
        }),
        { numRuns: 30 },
      ),
    ),
)

const markColumns = `
  alter table owner add deleted_at timestamptz;
  alter table item add deleted_at timestamptz;
  alter table note add is_deleted boolean not null default false;
  alter table item_tag add deleted_at timestamptz;`

const softDelete = { owner: 'deleted_at', item: 'deleted_at', note: 'is_deleted', item_tag: 'deleted_at' }

const marks = fc.oneof(
  fc.integer({ min: 1, max: 6 }).map((n) => `update owner set deleted_at = now() where id = ${n}`),
  fc.integer({ min: 1, max: 6 }).map(
    (
      n,
    ) => `update owner set deleted_at = now() where id = ${n}; update item set deleted_at = now() where owner_id = ${n};
      update note set is_deleted = true where owner_id = ${n}`,
  ),
  fc.integer({ min: 1, max: 12 }).map((n) => `update item set deleted_at = now() where id = ${n} or inside = ${n}`),
  fc.nat(2).map((n) => `update item set deleted_at = now() where kind = 'kind ${n}'`),
  fc.integer({ min: 1, max: 12 }).map((n) => `update item_tag set deleted_at = now() where item_id = ${n}`),
  fc.tuple(fc.nat(12), fc.nat(12)).map(([a, b]) => `update note set is_deleted = true where id between ${a} and ${b}`),
)

test(
  'every row that live has marked since is in one incident as well, and its mark alone is taken off',
  { timeout: 600_000 },
  () =>
    withDatabases({ schema: `${schema}${markColumns}` }, (pair) =>
      fc.assert(
        fc.asyncProperty(
          data,
          fc.array(marks, { maxLength: 2 }),
          fc.array(marks, { minLength: 1, maxLength: 4 }),
          losses,
          async (rows, before, since, statements) => {
            for (const side of [pair.backup, pair.live]) await query(side, [fill(rows), ...before].join(';'))
            for (const statement of [...since, ...statements]) await query(pair.live, statement)
            await withRowgraft(pair, checkIncidents, { softDelete })
          },
        ),
        { numRuns: 30 },
      ),
    ),
)
