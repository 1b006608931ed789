/** The maps of a run: old and new values of key columns, for rows whose key changes; at first those for which a live row stands in. */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { column, identifier, list } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { unpackKey } from '../../keys/key.ts'
import { keysOf } from '../../keys/key-columns.ts'
import { fromTable, inBatches, joinOn, stageType, typeOf, valueSource } from '../../sql/rows.ts'
import { type Layout, newColumn, oldColumn, ordinalColumn, ordinalOf, type StagedTable } from '../stage/staged.ts'

/** Makes every map, and fills in the live rows that stand in. */
export const createMaps = async (writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) {
    if (staged.keys !== 'mapped') continue
    const { table, keyColumns } = staged
    const columns = [
      sql`${identifier(ordinalColumn)} bigint`,
      ...keyColumns.flatMap((name) => {
        const found = columnOf(table.live, name)
        if (found === undefined) return []
        return [
          sql`${oldColumn(staged, name)} ${stageType(found)}`,
          sql`${newColumn(staged, name)} ${stageType(found)}`,
        ]
      }),
    ]
    await writer.execute(sql`create temporary table ${staged.map} (${list(columns)}) on commit drop`)
    await mapStandIns(writer, staged)
  }
}

/** Old values from the stage, new ones from the live rows that stand in. */
const mapStandIns = async (writer: Writer, staged: StagedTable): Promise<void> => {
  const { table, keyColumns } = staged
  const standing = [
    ...staged.standIns.map(({ rows, range }) => ({ live: keysOf(rows.live), range, written: [] as readonly string[] })),
    ...staged.steps.flatMap(({ step, range }) =>
      step.live === undefined ? [] : [{ live: keysOf(step.live), range, written: step.columns }],
    ),
  ]
  for (const { live, range, written } of standing) {
    let offset = range.first - 1
    for (const batch of inBatches(live)) {
      const source = valueSource(
        table.identity.map((name) => typeOf(table.live, name)),
        batch.map(unpackKey),
        { names: table.identity },
      )
      const pairs = list(
        keyColumns.flatMap((name) => [column('s', name), column(written.includes(name) ? 's' : 't', name)]),
      )
      await writer.check({
        query: sql`
          insert into ${staged.map}
          select ${ordinalOf('s')}, ${pairs}
          from ${source}
          join ${fromTable(table.live)} as t on ${joinOn(table.identity, 't', 'k')}
          join ${staged.stage} as s on ${ordinalOf('s')} = ${column('k', ordinalColumn)} + ${String(offset)}::bigint`,
        expect: { written: batch.length },
        code: 'plan-stale',
        message: () => `a live row of "${table.id}" that stands in for a backup row is gone`,
        hint: 'Make the plan again.',
      })
      offset += batch.length
    }
  }
  if (standing.length > 0) await writer.execute(sql`analyze ${staged.map}`)
}
