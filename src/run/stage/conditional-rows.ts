/**
 * Which staged rows refer by a relation that only some rows of its table refer by. SQL of the user's is evaluated by the backup, which
 * is only read; the stage holds what came of it.
 */
import { sql } from 'kysely'
import type { Relation } from '../../catalog/relations.ts'
import { column, identifier, literal, type Query } from '../../database/names.ts'
import type { Reader, Writer } from '../../database/session/reader.ts'
import { refers } from '../../sql/references.ts'
import { keyedRows, ordinal } from '../../sql/rows.ts'
import { type Layout, ordinalOf, stagedKeys } from './staged.ts'

const flagOf = (layout: Layout, relation: Relation): string => `rowgraft refers ${layout.mapped.indexOf(relation)}`

/** True for rows of the stage `alias` that refer by the relation, as far as its condition goes; null where it has none. */
export const isMeant = (layout: Layout, relation: Relation, alias: string): Query | null => {
  const { condition } = relation
  if (condition === null) return null
  return condition.by === 'sql'
    ? column(alias, flagOf(layout, relation))
    : sql`${column(alias, condition.column)}::text = ${literal(condition.backup)}`
}

/** Asks the backup which staged rows the conditions hold for. */
export const stageConditions = async (
  writer: Writer,
  layout: Layout,
  { backup, batchSize }: { readonly backup: Reader; readonly batchSize: number },
): Promise<void> => {
  for (const relation of layout.mapped) {
    const staged = layout.tables.get(relation.child)
    if (relation.condition?.by !== 'sql' || staged === undefined) continue
    const { backup: table, identity } = staged.table
    const flag = identifier(flagOf(layout, relation))
    await writer.execute(sql`alter table ${staged.stage} add column ${flag} boolean not null default false`)
    let offset = 0
    for (const part of stagedKeys(staged, batchSize)) {
      const rows = await backup.rows(sql`
        select (${ordinal('k')} + ${String(offset)}::bigint)::text
        from ${keyedRows(table, identity, part)}
        where ${refers(relation, 'backup', { table, alias: 't' })}`)
      await writer.execute(sql`
        update ${staged.stage} as s
        set ${flag} = true
        where ${ordinalOf('s')} = any (${`{${rows.map(([ord]) => ord).join(',')}}`}::bigint[])`)
      offset += part.length
    }
  }
}
