/**
 * Rows for which live has no partition any more, or none but a default one, where nobody would look for them. Each partition's own
 * condition is asked, over the values that would be written; hashed partitions are left to the run.
 */
import { sql } from 'kysely'
import type { SharedTable } from '../../catalog/shared.ts'
import { any, type Query, serverText } from '../../database/names.ts'
import { displayKey } from '../../keys/key.ts'
import type { Finding } from '../../plan/finding.ts'
import { findKeys } from '../../rows/by-key.ts'
import type { Sides } from '../../rows/sides.ts'
import { readBackupValues } from '../../rows/values.ts'
import { inBatches, ordinal, typeOf, valueSource } from '../../sql/rows.ts'
import { isInDefault } from '../../sql/tree.ts'
import { fresh, type MappedRows } from './mapping.ts'

/** More partitions than these are not asked whether they take a row: the run finds out. */
const most = 500

interface Partition {
  readonly name: string
  readonly isDefault: boolean
  /** Over bare column names; null takes every row. */
  readonly condition: string | null
}

const readPartitions = async (sides: Sides, table: SharedTable): Promise<readonly Partition[]> => {
  const rows = await sides.live.rows(sql`
    select leaf.relid::text, pg_catalog.pg_get_partition_constraintdef(leaf.relid),
      exists (select from pg_catalog.pg_partition_ancestors(leaf.relid) as a(relid)
              join pg_catalog.pg_partitioned_table p on p.partdefid = a.relid)::text
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace, pg_catalog.pg_partition_tree(c.oid) as leaf
    where n.nspname = ${table.live.schema} and c.relname = ${table.live.name} and leaf.isleaf
    order by leaf.relid::text`)
  return rows.map(([name, condition, isDefault]) => ({
    name: name ?? '',
    condition: condition ?? null,
    isDefault: isDefault === 'true',
  }))
}

const holds = ({ condition }: Partition): Query => (condition === null ? sql`true` : serverText(`(${condition})`))

const word = /"(?:[^"]|"")*"|[\w$]+/g

/** Columns of the table that conditions may read. */
const readColumns = (table: SharedTable, partitions: readonly Partition[]): readonly string[] => {
  const words = new Set(
    partitions.flatMap(({ condition }) =>
      [...(condition ?? '').matchAll(word)].map(([name]) => name.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')),
    ),
  )
  return table.columns.map(({ name }) => name).filter((name) => words.has(name))
}

/** Of the rows given, those that stand in a default partition of the backup too. */
const findAtHome = (sides: Sides, table: SharedTable, keys: readonly string[]): Promise<ReadonlySet<string>> =>
  findKeys(sides.backup, table, { keys, where: isInDefault('t') })

/** `partition` is the default one that would take it. */
const findingOf = (table: SharedTable, key: string, partition: string | null): Finding => ({
  kind: 'partition',
  table: table.id,
  key: displayKey(key),
  constraint: partition,
  columns: [],
  values: [],
  live: [],
  possible: ['skip'],
})

/** A finding per row that no partition of live is made for, by packed key. */
export const findUnhoused = async (
  sides: Sides,
  { table, keys, rewritten }: MappedRows,
): Promise<ReadonlyMap<string, Finding>> => {
  const found = new Map<string, Finding>()
  if (table.live.kind !== 'partitioned' || keys.length === 0) return found
  const partitions = await readPartitions(sides, table)
  const isHashed = partitions.some(({ condition }) => condition?.includes('satisfies_hash_partition'))
  if (isHashed || partitions.length > most) return found
  const columns = readColumns(table, partitions)
  const values = [...(await readBackupValues(sides, table, { keys, columns }))].flatMap(([key, row]) => {
    const own = rewritten.get(key)
    const mapped = row.map((value, p) => (own?.has(columns[p] ?? '') ? own.get(columns[p] ?? '') : value))
    const known = mapped.filter((value) => value !== fresh)
    return known.length < mapped.length ? [] : [{ key, row: known.map((value) => value ?? null) }]
  })
  const defaults = partitions.filter(({ isDefault }) => isDefault)
  const homeless: { readonly key: string; readonly partition: string | null }[] = []
  for (const batch of inBatches(values)) {
    // A default partition alone asks for nothing.
    if (columns.length === 0) break
    const source = valueSource(
      columns.map((name) => typeOf(table.live, name)),
      batch.map(({ row }) => row),
      { alias: 'x', names: columns },
    )
    const named = defaults.map((partition) => sql`when ${holds(partition)} then ${partition.name}`)
    const home = named.length === 0 ? sql`null` : sql`case ${sql.join(named, sql` `)} end`
    const rows = await sides.live.rows(sql`
      select ${ordinal('x')}::text, (${home})::text, (${any(partitions.map(holds))})::text
      from ${source}`)
    for (const [ord, partition, isTaken] of rows) {
      const key = batch[Number(ord) - 1]?.key
      if (key !== undefined && (partition !== null || isTaken !== 'true')) {
        homeless.push({ key, partition: partition ?? null })
      }
    }
  }
  const byDefault = homeless.filter(({ partition }) => partition !== null).map(({ key }) => key)
  const isWatched = table.backup.kind === 'partitioned'
  const atHome = isWatched ? await findAtHome(sides, table, byDefault) : new Set(byDefault)
  for (const { key, partition } of homeless) {
    if (partition === null || !atHome.has(key)) found.set(key, findingOf(table, key, partition))
  }
  return found
}
