/** What a planned run takes of live beside its rows, asked of live: part of making a plan. */

import { sql } from 'kysely'
import type { Catalog, Table } from '../../catalog/catalog.ts'
import { type Column, columnOf } from '../../catalog/catalog.ts'
import { displayTable } from '../../database/display.ts'
import { column } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { columnValues } from '../../keys/key-columns.ts'
import { measureRoom, usedPrivileges } from '../../plan/effects/footprint.ts'
import type { Footprint, PlanSequence, PlanUse, Step } from '../../plan/step.ts'
import { fromTable } from '../../sql/rows.ts'

export interface FootprintInput extends PlanUse {
  readonly live: Reader
  readonly catalog: Catalog
  readonly bytes: number
}

/** Privileges, room, publications and followers of a plan; null for one that writes nothing. */
export const readFootprint = async (input: FootprintInput): Promise<Footprint | null> => {
  const { live, catalog, steps, bytes } = input
  if (steps.length === 0) return null
  const published = (await readPublished(live)).filter(({ table, inserts, updates }) =>
    steps.some((step) => step.table === table && (step.action === 'insert' ? inserts : updates)),
  )
  return {
    privileges: usedPrivileges(catalog, input),
    ...measureRoom(catalog, steps, bytes),
    publications: [...Map.groupBy(published, ({ publication }) => publication)].map(([publication, of]) => ({
      publication,
      tables: of.map(({ table }) => table),
    })),
    followers: await readFollowers(live),
  }
}

/** The largest kept key of a column; undefined where the plan has no values of it. */
const keptKey = (identity: readonly string[], steps: readonly Step[], column: string): bigint | null | undefined => {
  if (steps.every(({ allocate }) => allocate === 'all')) return null
  const position = identity.indexOf(column)
  if (position === -1) return undefined
  let highest: bigint | null = null
  for (const { allocate, keys } of steps) {
    if (allocate === 'all') continue
    const anew = new Set(allocate ?? [])
    let row = 0
    for (const key of columnValues(keys[position] ?? [])) {
      if (anew.has(row++)) continue
      const value = BigInt(key)
      if (highest === null || value > highest) highest = value
    }
  }
  return highest
}

/** The sequences with where they stand, and where the run leaves them. */
export const readSequenceMoves = async (
  live: Reader,
  { sequences, steps }: Pick<PlanUse, 'sequences' | 'steps'>,
  tableOf: (id: string) => { readonly live: Table; readonly identity: readonly string[] },
): Promise<readonly PlanSequence[]> => {
  const moved: PlanSequence[] = []
  for (const used of sequences) {
    const { live: table, identity } = tableOf(used.table)
    const inserts = steps.filter((step) => step.table === used.table && step.action === 'insert')
    const kept = keptKey(identity, inserts, used.column)
    const isShared = sequences.some((other) => other !== used && other.sequence === used.sequence)
    const move =
      used.sequence === null ? null : await readMove(live, { ...used, table, kept: isShared ? undefined : kept })
    moved.push(move === null ? used : { ...used, ...move })
  }
  return moved
}

/** What a run does with the sequence of a column. */
export interface SequenceUse {
  readonly table: Table
  readonly column: string
  /** The largest key that is kept; null where none is, undefined where the plan does not know the values. */
  readonly kept: bigint | null | undefined
  readonly allocates: number
}

/** The value a sequence hands out next, before and after the run; null where that is not known beforehand. */
export interface SequenceMove {
  readonly next: string
  readonly after: string | null
}

const readNext = async (live: Reader, { sequence }: Column): Promise<bigint | null> => {
  if (sequence === null) return null
  const [row] = await live.rows(sql`
    select s.last_value::text, s.is_called::text
    from ${sql.id(sequence.schema, sequence.name)} as s`)
  const last = BigInt(row?.[0] ?? '0')
  return row?.[1] === 'true' ? last + BigInt(sequence.increment) : last
}

/** Sequences that descend or take steps are only told where they stand. */
export const readMove = async (
  live: Reader,
  { table, column: name, kept, allocates }: SequenceUse,
): Promise<SequenceMove | null> => {
  const found = columnOf(table, name)
  if (found?.sequence == null || !found.sequence.canUse) return null
  const next = await readNext(live, found)
  if (next === null) return null
  // As the run does: without an index its extreme would cost a scan of the table.
  const readsLive = allocates > 0 || table.uniques.some(({ elements }) => elements[0]?.column === name)
  if (kept === undefined || found.sequence.increment !== '1') return { next: String(next), after: null }
  const [row] = readsLive
    ? await live.rows(sql`select pg_catalog.max(${column('t', name)})::text from ${fromTable(table)} as t`)
    : []
  const highest = [kept, row?.[0] == null ? null : BigInt(row[0])].filter((value) => value !== null)
  const maximum = BigInt(found.sequence.maximum)
  const raised = highest.reduce((far, value) => (value >= far && value < maximum ? value + 1n : far), next)
  return { next: String(next), after: String(raised + BigInt(allocates)) }
}

/** A table in a publication, and what of it is published. */
export interface Published {
  readonly publication: string
  readonly table: string
  readonly inserts: boolean
  readonly updates: boolean
}

/** Every table in a publication; a partition counts as its root. */
export const readPublished = async (live: Reader): Promise<readonly Published[]> => {
  // p: publication, c: table, r: its root, n: schema of the root
  const rows = await live.rows(sql`
    select distinct p.pubname::text, n.nspname::text, r.relname::text, p.pubinsert::text, p.pubupdate::text
    from pg_catalog.pg_publication_tables pt
    join pg_catalog.pg_publication p on p.pubname = pt.pubname
    join pg_catalog.pg_namespace pn on pn.nspname = pt.schemaname
    join pg_catalog.pg_class c on c.relnamespace = pn.oid and c.relname = pt.tablename
    join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
    join pg_catalog.pg_namespace n on n.oid = r.relnamespace
    order by 1, 2, 3`)
  return rows.map(([publication, schema, name, inserts, updates]) => ({
    publication: publication ?? '',
    table: displayTable({ schema: schema ?? '', name: name ?? '' }),
    inserts: inserts === 'true',
    updates: updates === 'true',
  }))
}

/** Standbys, and logical slots of this database. */
export const readFollowers = async (
  live: Reader,
): Promise<readonly { readonly kind: 'standby' | 'slot'; readonly name: string; readonly how: string }[]> => {
  const rows = await live.rows(sql`
    select 'standby', coalesce(application_name, ''), coalesce(sync_state, '')
    from pg_catalog.pg_stat_replication
    union all
    select 'slot', slot_name::text, coalesce(plugin::text, '')
    from pg_catalog.pg_replication_slots
    where slot_type = 'logical' and database = pg_catalog.current_database()
    order by 1, 2`)
  return rows.map(([kind, name, how]) => ({
    kind: kind === 'slot' ? ('slot' as const) : ('standby' as const),
    name: name ?? '',
    how: how ?? '',
  }))
}
