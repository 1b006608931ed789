/**
 * Rows that triggers of a run have made below the rows it inserted: they refer to them, so that an undo has to take them back as well. They are
 * found before the run commits, when nobody else can have touched them, and go into its journal with their digests.
 */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import type { SharedCatalog, SharedTable } from '../../catalog/shared.ts'
import { displayTable } from '../../database/display.ts'
import { column, list, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { packKey } from '../../keys/key.ts'
import { keptDigest } from '../../sql/images.ts'
import { fromTable, inBatches, joinOn, keySource } from '../../sql/rows.ts'
import { writeStream } from '../journal/journal.ts'
import type { JournalWriter } from '../journal/journal-file.ts'
import { writtenColumns } from '../journal/written-rows.ts'
import { isPlanned, liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import { readForeignKeys } from '../references/foreign-keys.ts'
import { declaredReferences, type Reference, referringTable, refersToRow } from '../references/referring.ts'
import { inRange, inserted, type Layout, type StagedTable } from '../stage/staged.ts'
import { mayBeUpdated } from '../verify/xact-counts.ts'
import { isWrittenByUs, seenByOthers, tellsWriters } from '../write/row-writers.ts'

/** Rows of a table that triggers made, in a temporary table of keys, or of where they stand. */
interface Made {
  readonly table: SharedTable
  readonly rows: Query
}

/** Tables into which this transaction has inserted more rows than the run itself; null where nobody counts such things. */
const readGrown = async (writer: Writer, layout: Layout): Promise<ReadonlySet<string> | null> => {
  const [setting] = await writer.rows(sql`select pg_catalog.current_setting('track_counts')`)
  if (setting?.[0] !== 'on') return null
  const rows = await writer.rows(sql`
    select n.nspname, r.relname, pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid))::text
    from pg_catalog.pg_class c
    join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
    join pg_catalog.pg_namespace n on n.oid = r.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_' -- r: ordinary, t: temporary
      and pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) > 0
    group by n.nspname, r.relname`)
  return new Set(
    rows.flatMap(([schema, name, count]) => {
      const id = displayTable({ schema: schema ?? '', name: name ?? '' })
      const staged = layout.tables.get(id)
      return Number(count) > (staged === undefined ? 0 : inserted(staged).last) ? [id] : []
    }),
  )
}

const keyOf = (table: SharedTable, alias: string): readonly Query[] => table.identity.map((name) => column(alias, name))

interface Search {
  readonly writer: Writer
  readonly layout: Layout
  readonly catalog: SharedCatalog
  readonly isGrown: (id: string) => boolean
  /** What is found, by table. */
  readonly found: Map<string, Made>
  /** Tables of which rows are found. */
  readonly hit: Set<string>
  /** The same of tables without a key. */
  readonly unkeyed: Map<string, Made>
}

const roomFor = async ({ writer, found }: Search, table: SharedTable): Promise<Made> => {
  const known = found.get(table.id)
  if (known !== undefined) return known
  const made = { table, rows: sql.id('pg_temp', `rowgraft_below${found.size + 1}`) }
  await writer.execute(sql`
    create temporary table ${made.rows} on commit drop as
    select ${list(keyOf(table, 't'))} from ${fromTable(table.live)} as t where false`)
  found.set(table.id, made)
  return made
}

/** Takes in what this transaction wrote and refers to rows `t`. Returns how many rows are new. */
const takeReferring = async (
  { writer, layout }: Search,
  { table, rows }: Made,
  { reference, referred }: { readonly reference: Reference; readonly referred: Query },
): Promise<number> => {
  const isKnown = sql`exists (select from ${rows} as m where ${joinOn(table.identity, 'm', 'c')})`
  const { count } = await writer.execute(sql`
    insert into ${rows}
    select distinct ${list(keyOf(table, 'c'))}
    from ${referred}
    join ${referringTable(reference)} on ${refersToRow(reference)}
    where pg_catalog.age(c.xmin) <= 0 and ${isWrittenByUs(sql`c.xmin::text::bigint`)}
      and not ${isPlanned(layout, table.id)} and not ${isKnown}`)
  return count
}

/** Takes in rows of a table without a key, by where they stand; none where triggers may have changed rows that were there before. */
const takeUnkeyed = async (
  { writer, unkeyed, hit }: Search,
  table: SharedTable,
  { reference, referred }: { readonly reference: Reference; readonly referred: Query },
): Promise<void> => {
  const [changed] = await writer.rows(sql`select ${mayBeUpdated({ table })}::text`)
  if (changed?.[0] !== 'false') return
  const known = unkeyed.get(table.id)
  const rows = known?.rows ?? sql.id('pg_temp', `rowgraft_unkeyed${unkeyed.size + 1}`)
  if (known === undefined) {
    unkeyed.set(table.id, { table, rows })
    await writer.execute(sql`create temporary table ${rows} (part oid, place tid) on commit drop`)
  }
  const { count } = await writer.execute(sql`
    insert into ${rows}
    select distinct c.tableoid, c.ctid
    from ${referred}
    join ${referringTable(reference)} on ${refersToRow(reference)}
    where pg_catalog.age(c.xmin) <= 0 and ${isWrittenByUs(sql`c.xmin::text::bigint`)}
      and not exists (select from ${rows} as m where m.part = c.tableoid and m.place = c.ctid)`)
  if (count > 0) hit.add(table.id)
}

/** Finds what refers to rows `t` of a table, and what refers to that in turn. */
const follow = async (search: Search, parent: Table, rows: Query): Promise<void> => {
  const { writer, catalog, isGrown } = search
  const references = [...(await readForeignKeys(writer, parent, 'parent')), ...declaredReferences(catalog, parent)]
  for (const reference of references) {
    const table = catalog.tables.get(displayTable(reference.child))
    if (table === undefined || !isGrown(table.id)) continue
    if (!(await tellsWriters(writer, table.live))) continue
    if (table.identity.length === 0) {
      if (reference.isCascaded) await takeUnkeyed(search, table, { reference, referred: rows })
      continue
    }
    const made = await roomFor(search, table)
    if ((await takeReferring(search, made, { reference, referred: rows })) === 0) continue
    search.hit.add(table.id)
    const same = joinOn(table.identity, 'm', 't')
    await follow(search, table.live, sql`${made.rows} as m join ${fromTable(table.live)} as t on ${same}`)
  }
}

const keysOfMade = async (writer: Writer, { table, rows }: Made): Promise<readonly string[]> => {
  const found = await writer.rows(
    sql`select ${list(keyOf(table, 'm').map((key) => sql`(${key})::text`))} from ${rows} as m`,
  )
  return found.map((key) => packKey(key))
}

/** Takes out rows that others see as well: a trigger has changed those, not made them. False where nobody can be asked. */
const dropSeen = async (writer: Writer, made: Made): Promise<boolean> => {
  const { live, identity } = made.table
  const seen = await seenByOthers(writer, made.table, await keysOfMade(writer, made))
  for (const batch of inBatches(seen ?? [])) {
    await writer.execute(sql`
      delete from ${made.rows} as m using ${keySource(live, identity, batch)} where ${joinOn(identity, 'm', 'k')}`)
  }
  return seen !== null
}

const columnsOf = ({ identity }: SharedTable): readonly string[] =>
  writtenColumns({ identity, changesKeys: false, names: [] })

/**
 * Writes what triggers made below inserted rows into the journal. Returns the other tables into which rows were written beside the plan's, as
 * far as the server counts them: an undo leaves those rows there.
 */
export const writeMade = async (
  journal: JournalWriter,
  writer: Writer,
  { layout, catalog }: { readonly layout: Layout; readonly catalog: SharedCatalog },
): Promise<readonly string[]> => {
  const grown = await readGrown(writer, layout)
  const isGrown = (id: string): boolean => grown?.has(id) ?? true
  const search: Search = { writer, layout, catalog, isGrown, found: new Map(), unkeyed: new Map(), hit: new Set() }
  const mayRefer = [...catalog.tables.keys()].some(isGrown)
  for (const staged of mayRefer ? layout.tables.values() : []) {
    if (inserted(staged).last > 0) await follow(search, staged.table.live, insertedRows(layout, staged))
  }
  for (const made of search.found.values()) {
    if (!(await dropSeen(writer, made))) continue
    await writeRows(journal, writer, { ...made, same: joinOn(made.table.identity, 'm', 't') })
  }
  for (const made of search.unkeyed.values()) {
    await writeRows(journal, writer, { ...made, same: sql`m.part = t.tableoid and m.place = t.ctid` })
  }
  const isTaken = (id: string): boolean => layout.tables.has(id) || search.hit.has(id)
  return [...(grown ?? [])].filter((id) => !isTaken(id)).sort()
}

const writeRows = async (
  journal: JournalWriter,
  writer: Writer,
  { table, rows, same }: Made & { readonly same: Query },
): Promise<void> => {
  const digest = keptDigest('t', table.live, table.identity)
  const copied = await writer.copyOut(sql`
    copy (
      select ${list([sql`'insert'`, ...keyOf(table, 't'), digest])}
      from ${rows} as m
      join ${fromTable(table.live)} as t on ${same}
    ) to stdout`)
  await writeStream(journal, { kind: 'made', table: table.id, columns: columnsOf(table) }, { rows: copied })
}

const insertedRows = (layout: Layout, staged: StagedTable): Query => sql`
  (select s.* from ${staged.stage} as s where ${inRange('s', inserted(staged))}) as s ${liveIdentity(layout, staged).joins}
  join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}`
