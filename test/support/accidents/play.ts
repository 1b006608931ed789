/** One accident between two databases, and what is said of it. */

import { keysOf } from '../../../src/keys/key-columns.ts'
import { withRowgraft } from '../incidents.ts'
import { withClient } from '../queries.ts'
import { makeCondition, makeWork, type Numbered, type Read, type Work } from './accident.ts'
import { Dice } from './dice.ts'
import { makeShop, type Shop } from './ground.ts'

export interface Played {
  /** The first incident names exactly what the statement hit, but for rows that were made again. */
  readonly isNamed: boolean
  /** Restored alone, it brings back rows that it names, and what went with them; else what it brought beside. */
  readonly strays: readonly string[]
  /** For people. */
  readonly story: string
}

interface Ground {
  readonly live: string
  readonly backup: string
}

const clear = `drop schema if exists sales cascade; drop schema public cascade; create schema public`

const readFrom = (url: string, work: (read: Read) => Promise<void>): Promise<void> =>
  withClient(url, (client) => work(async (sql) => (await client.query({ text: sql, rowMode: 'array' })).rows))

/** Keys of the lines for which a condition holds, as text. */
const keysWhere = async (read: Read, { line, key }: Shop, where: string): Promise<readonly string[]> =>
  (await read(`select ${key.map((name) => `${name}::text`).join(', ')} from ${line} where ${where} order by 1`)).map(
    (row) => row.join('\0'),
  )

/** The numbers that rows were filled with, and their keys. */
const numbersOf = async (read: Read, { line, key, columns }: Shop, where: string): Promise<readonly Numbered[]> => {
  const made = key.map((name) => columns.find((own) => own.name === name)?.value ?? '')
  const rows = await read(`
    select n::text, ${made.map((value) => `(${value})::text`).join(', ')} from generate_series(1, 400) n
    where (${made.join(', ')}) in (select ${key.join(', ')} from ${line} where ${where}) order by n`)
  return rows.map(([n, ...own]) => ({ n: Number(n), key: own.join('\0') }))
}

/** Plays the case of a seed; null where its statement hits nothing. */
export const playAccident = async (pair: Ground, seed: number): Promise<Played | null> => {
  const dice = new Dice(seed)
  const shop = makeShop(dice)
  let where = ''
  let hit: readonly string[] = []
  let work: Work = { statements: [], again: [] }
  for (const url of [pair.live, pair.backup])
    await withClient(url, async (client) => {
      for (const sql of [clear, shop.schema, shop.rows]) await client.query(sql)
    })
  await readFrom(pair.backup, async (read) => {
    where = await makeCondition(read, dice, shop)
    hit = await keysWhere(read, shop, where)
    work = makeWork(dice, shop, await numbersOf(read, shop, where))
  })
  if (hit.length === 0) return null
  const statements = [`delete from ${shop.line} where ${where}`, ...work.statements]
  await withClient(pair.live, async (client) => {
    for (const sql of statements) await client.query(sql)
  })
  return judge(pair, shop, {
    hit,
    again: work.again,
    story: `seed ${seed}, ${hit.length} rows:\n  ${statements.join(';\n  ')}`,
  })
}

const judge = async (
  pair: Ground,
  shop: Shop,
  { hit, again, story }: { readonly hit: readonly string[]; readonly again: readonly string[]; readonly story: string },
): Promise<Played> => {
  let played: Played = { isNamed: false, strays: [], story }
  await withRowgraft(pair, async (rowgraft) => {
    const { incidents, leftOut } = await rowgraft.incidents()
    const [first] = incidents
    const said = incidents.map(({ table, rows, condition }) => `${table} ${rows}: ${condition?.sql ?? 'no condition'}`)
    const told = `${story}\n${said.map((text) => `    ${text}`).join('\n')}`
    const sql = first?.condition?.sql ?? null
    let named: readonly string[] = []
    await readFrom(pair.backup, async (read) => {
      if (sql !== null && first?.table === tableId(shop)) named = await keysWhere(read, shop, sql)
    })
    // Everything before a point in time looks like retention.
    const isOld = leftOut.some(
      ({ kind, rows }) => kind === 'retention' && rows !== null && rows >= hit.length - again.length,
    )
    const isNamed =
      isOld ||
      (named.every((own) => hit.includes(own)) && hit.every((own) => named.includes(own) || again.includes(own)))
    const plan =
      first === undefined ? null : await rowgraft.plan({ selectors: [{ by: 'incident', id: first.id }], columns: null })
    const brought = (plan?.steps ?? [])
      .filter(({ table, action }) => action === 'insert' && table === tableId(shop))
      .flatMap(({ keys }) => keysOf(keys))
    const allowed = new Set(sql === null ? hit : named)
    played = { isNamed, strays: brought.filter((own) => !allowed.has(own)), story: told }
  })
  return played
}

const tableId = ({ line }: Shop): string => (line.includes('.') ? line : `public.${line}`)
