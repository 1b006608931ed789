/** Rows of transformed tables as probes see them: those that are left out, and what is written of the others. */
import { sql } from 'kysely'
import { withoutEdits } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { RowValues } from '../../config/config.ts'
import { arrayText, column, identifier, type Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { type KeyColumn, keysOf } from '../../keys/key-columns.ts'
import type { Sides } from '../../rows/sides.ts'
import { placedDigest, placedMethod, rowImage } from '../../sql/column-digest.ts'
import { imageColumns, pinsNothing } from '../../sql/images.ts'
import { fromTable, inBatches, joinOn, keyedRows, keySource, ordinal, ordinalName } from '../../sql/rows.ts'
import { bareValues, readTransformed, refusingValues, transformedSource } from '../../transform/read.ts'
import type { TableTransform } from '../../transform/transform.ts'
import { combineDigests, type Measured } from './measure.ts'

/** The keys of rows that their transform leaves out. */
export const findDropped = async (
  sides: Sides,
  own: TableTransform,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const dropped: string[] = []
  let done = 0
  for await (const rows of readTransformed(sides.backup, own, { keys })) {
    for (const { key, values } of rows) if (values === null) dropped.push(key)
    done += rows.length
    sides.onStage({ stage: 'transform', table: own.table.id, done, total: keys.length })
  }
  return dropped
}

interface MeasuredTransform extends Measured {
  /** In how many rows each column is another one. */
  readonly changed: ReadonlyMap<string, number>
  /** How many values of columns that live does not have are lost. */
  readonly lost: ReadonlyMap<string, number>
}

/** Rows of one table, by backup key. */
interface StagedRows {
  readonly keys: readonly string[]
  /** By the place among the keys. */
  readonly isWritten: (position: number) => boolean
}

/** As `measureRows`, of what a transform makes of the rows written; the others stand for references. */
const measureTransformed = async (
  sides: Sides,
  own: TableTransform,
  { keys, isWritten }: StagedRows,
): Promise<MeasuredTransform> => {
  const columns = imageColumns(own.table)
  const digests: string[] = []
  const changed = new Map<string, number>()
  const lost = new Map<string, number>()
  const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  let bytes = 0
  let done = 0
  for await (const rows of readTransformed(sides.backup, own, { keys })) {
    sides.onStage({ stage: 'measure', table: own.table.id, done, total: keys.length })
    done += rows.length
    const [first] = rows
    if (first === undefined) continue
    const written = rows.map(({ position, raw, values }) =>
      isWritten(position) && values !== null ? values : bareValues(own, raw),
    )
    for (const { position, raw, values, left } of rows) {
      if (!isWritten(position) || values === null) continue
      for (const name of columns) if (values[name] !== raw[name]) count(changed, name)
      for (const name of left) count(lost, name)
    }
    const positions = `{${rows.map(({ position }) => position + 1).join(',')}}`
    const seed = sql`(${positions}::bigint[])[${ordinal('t')}]`
    const [row] = await refusingValues(own.table, () =>
      sides.live.rows(sql`
        select coalesce(bit_xor(${placedDigest({ alias: 't', table: own.table, columns }, placedMethod(sides.hashing), seed)}), 0)::text,
               coalesce(sum(pg_catalog.octet_length(${rowImage('t', columns)})), 0)::text
        from ${transformedSource(own.table, written)}`),
    )
    digests.push(row?.[0] ?? '0')
    bytes += Number(row?.[1] ?? 0)
  }
  return { digest: pinsNothing(own.table) ? '0' : combineDigests(digests), bytes, changed, lost }
}

/** Rows of the backup by key as they will be written, with what reads them: values as `t`, ordinals as `k`. */
export const rowsToWrite = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<{ readonly read: Reader['rows']; readonly from: Query }> => {
  const own = sides.transforms?.get(table.id)
  if (own === undefined) {
    return { read: (query) => sides.backup.rows(query), from: keyedRows(table.backup, table.identity, keys) }
  }
  const values: RowValues[] = []
  for await (const rows of readTransformed(sides.backup, own, { keys })) {
    for (const row of rows) values[row.position] = row.values ?? bareValues(own, row.raw)
  }
  const from = sql`${transformedSource(table, values)}
    cross join lateral (select ${ordinal('t')} as ${identifier(ordinalName)}) as k`
  return { read: (query) => refusingValues(table, () => sides.live.rows(query)), from }
}

/** Rows that a step writes. */
interface WrittenRows {
  readonly table: string
  readonly action: string
  readonly because: string
  readonly keys: readonly KeyColumn[]
  readonly rows: number
}

/** What all transforms make of the rows written: inserted ones first, then updated ones, as they are staged. */
export const measureTransforms = async (
  sides: Sides,
  steps: readonly WrittenRows[],
): Promise<
  Measured & {
    readonly edits: readonly {
      readonly table: string
      readonly column: string
      readonly by: 'transform'
      readonly rows: number
    }[]
    readonly lost: readonly { readonly table: string; readonly column: string; readonly values: number }[]
  }
> => {
  const parts = []
  for (const [table, transform] of sides.transforms ?? []) {
    const own = steps.filter((step) => step.table === table)
    const ordered = ['insert', 'update'].flatMap((action) => own.filter((step) => step.action === action))
    const keys = ordered.flatMap((step) => keysOf(step.keys))
    const written = ordered.flatMap(({ rows, because }) => Array.from({ length: rows }, () => because !== 'survivor'))
    const isWritten = (position: number): boolean => written[position] === true
    const made = await measureTransformed(sides, transform, { keys, isWritten })
    parts.push({ table, ...made })
  }
  return {
    digest: combineDigests(parts.map(({ digest }) => digest)),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    edits: parts.flatMap(({ table, changed }) =>
      [...changed].map(([column, rows]) => ({ table, column, by: 'transform' as const, rows })),
    ),
    lost: parts.flatMap(({ table, lost }) => [...lost].map(([column, values]) => ({ table, column, values }))),
  }
}

/** How many of the rows hold each label that is mapped. */
export const countMapped = async (
  sides: Sides,
  table: SharedTable,
  { column: name, keys }: { readonly column: string; readonly keys: readonly string[] },
): Promise<ReadonlyMap<string, number>> => {
  const labels = Object.keys(table.backup.source?.columns[name]?.labels ?? {})
  const counts = new Map(labels.map((label) => [label, 0]))
  const own = sql`${column('t', name)}::text`
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${own}, pg_catalog.count(*)::text
      from ${keySource(table.backup, table.identity, batch)}
      join ${fromTable(withoutEdits(table.backup))} as t on ${joinOn(table.identity, 't', 'k')}
      where ${own} = any (${arrayText(labels)}::text[])
      group by 1`)
    for (const [label, rowCount] of rows) counts.set(label ?? '', (counts.get(label ?? '') ?? 0) + Number(rowCount))
  }
  return counts
}
