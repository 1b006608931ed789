/** Random UPDATEs of random tables, and normal work since: what is told of them is true, and undoing it takes back what it did. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Rowgraft } from '../../../../src/index.ts'
import { type DatabasePair, withDatabases } from '../../../support/databases.ts'
import { withRowgraft } from '../../../support/incidents.ts'
import { query, withClient } from '../../../support/queries.ts'

const count = Number(process.env.ROWGRAFT_CASES ?? 30)
const seed = Number(process.env.ROWGRAFT_SEED ?? 1)

const schema = `
  create table kind (id int primary key, name text);
  create table item (
    id int, part text, kind_id int references kind, name text, other text, price numeric(10,2), weight double precision, stock int,
    is_live boolean, day date, at timestamptz, note text, primary key (id, part));`

const rows = fc.record({
  size: fc.integer({ min: 30, max: 160 }),
  kinds: fc.integer({ min: 2, max: 6 }),
  stocks: fc.integer({ min: 2, max: 60 }),
})

const fill = ({
  size,
  kinds,
  stocks,
}: {
  readonly size: number
  readonly kinds: number
  readonly stocks: number
}): string => `
  truncate kind, item;
  insert into kind select n, 'Kind ' || n from generate_series(0, 9) n;
  insert into item
  select n, 'p' || n % 3, n % ${kinds}, ' Name ' || n || ' ', 'Other ' || n % 7, n * 3.17, n * 0.71, n % ${stocks}, n % 4 = 0,
         date '2026-01-31' + n, timestamptz '2026-03-01 08:00+00' + n * interval '97 minutes', null
  from generate_series(1, ${size}) n;`

const sets = fc.constantFrom(
  'is_live = true',
  'stock = 0, is_live = false',
  'price = price * 1.19',
  'price = price / 4',
  'weight = weight * 0.5, note = name',
  'stock = stock + 7',
  'name = lower(name)',
  'name = trim(name), other = upper(other)',
  `other = other || '!'`,
  'name = other, other = name',
  `note = 'seen'`,
  'price = null',
  `day = day + 30`,
  `at = at - interval '2 hours', day = day + 1`,
  'kind_id = (kind_id + 1) % 10',
  'kind_id = 9',
  `name = replace(name, 'Name', 'Title')`,
)

const wheres = fc.oneof(
  fc.constant('true'),
  fc.integer({ min: 0, max: 5 }).map((kind) => `kind_id = ${kind}`),
  fc.tuple(fc.nat(60), fc.nat(90)).map(([from, length]) => `id between ${from} and ${from + length}`),
  fc.nat(6).map((n) => `other = 'Other ${n}'`),
  fc.nat(2).map((n) => `part = 'p${n}'`),
)

const work = fc.array(
  fc.tuple(
    fc.nat(160),
    fc.constantFrom(
      `name = 'edited'`,
      'stock = 4711',
      'price = 0.01',
      `note = 'changed'`,
      `at = '2026-09-09 09:09+00'`,
      'is_live = not is_live',
    ),
  ),
  { maxLength: 6 },
)

const keys = (found: readonly Readonly<Record<string, string | null>>[]): readonly string[] =>
  found.map(({ id, part }) => `${id} ${part}`).sort()

/** The rows that a statement hits in the backup, and what it makes of them. */
const runOnBackup = (url: string, statement: string) =>
  withClient(url, async (client) => {
    await client.query('begin')
    const { rows: found } = await client.query(`${statement} returning *`)
    await client.query('rollback')
    return found as Readonly<Record<string, string | null>>[]
  })

const readItems = async (url: string): Promise<ReadonlyMap<string, Readonly<Record<string, string | null>>>> =>
  new Map((await query(url, 'select * from item')).map((row) => [`${row.id} ${row.part}`, row]))

/** Every statement hits what is said of it, and makes of the backup's rows what live holds. */
const checkStatements = async (rowgraft: Rowgraft, { live, backup }: DatabasePair): Promise<void> => {
  const { incidents } = await rowgraft.overwritten()
  const held = await readItems(live)
  for (const { overwrite, condition } of incidents) {
    if (overwrite?.statement == null || condition === null) continue
    const made = await runOnBackup(backup, overwrite.statement)
    expect(made.length, overwrite.statement).toBe(condition.of)
    const columns = overwrite.sets.map(({ column }) => column)
    const right = made.filter((row) => columns.every((name) => row[name] === held.get(`${row.id} ${row.part}`)?.[name]))
    expect(right.length, overwrite.statement).toBe(condition.hits)
  }
}

test(
  `what is told of an UPDATE is true, and undoing it gives back what it overwrote, in ${count} cases from seed ${seed}`,
  {
    timeout: 300_000 + 10_000 * count,
  },
  () =>
    withDatabases({ schema }, (pair) =>
      fc.assert(
        fc.asyncProperty(rows, sets, wheres, work, async (table, set, where, edits) => {
          await query(pair.backup, fill(table))
          await query(pair.live, fill(table))
          const statement = `update item set ${set} where ${where}`
          const hit = keys(await runOnBackup(pair.backup, statement))
          await query(pair.live, statement)
          const damaged = await readItems(pair.live)
          for (const [id, edit] of edits) await query(pair.live, `update item set ${edit} where id = ${id + 1}`)
          const [before, since] = [await readItems(pair.backup), await readItems(pair.live)]
          const changed = hit.filter((key) => JSON.stringify(before.get(key)) !== JSON.stringify(damaged.get(key)))
          await withRowgraft(pair, async (rowgraft) => {
            await checkStatements(rowgraft, pair)
            const [first] = (await rowgraft.overwritten()).incidents
            // What is too little to tell by, on either side, need not be told.
            const stayed = before.size - hit.length
            if (first === undefined || changed.length < 20 || (stayed > 0 && stayed < 6)) return
            const told = first.overwrite?.statement ?? null
            expect(told, statement).not.toBe(null)
            const made = await runOnBackup(pair.backup, told ?? '')
            const isOther = (row: (typeof made)[number]): boolean =>
              JSON.stringify(row) !== JSON.stringify(before.get(`${row.id} ${row.part}`))
            expect(keys(made.filter(isOther)), `${told} for ${statement}`).toEqual([...changed].sort())
            const columns = first.overwrite?.sets.map(({ column }) => column) ?? []
            const plan = await rowgraft.plan({ selectors: [{ by: 'incident', id: first.id }], columns: null })
            await rowgraft.run(plan)
            const after = await readItems(pair.live)
            for (const key of changed) {
              for (const name of columns) {
                const isEdited = since.get(key)?.[name] !== damaged.get(key)?.[name]
                const expected = isEdited ? since.get(key)?.[name] : before.get(key)?.[name]
                expect(after.get(key)?.[name], `${name} of ${key}, after ${statement}`).toBe(expected)
              }
            }
          })
        }),
        { numRuns: count, seed },
      ),
    ),
)
