/**
 * With triggers switched off (`session_replication_role = replica`) the server checks neither foreign keys nor deferrable uniques:
 * they are triggers too. Both are checked here, set by set, in the same transaction; the parents are locked first.
 */

import { sql } from 'kysely'
import { fromTable, isSet, joinRelation } from '../catalog/row.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import { all, column, identifier, list, serverText } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { RowgraftError } from '../errors.ts'
import type { Layout, StagedTable } from './layout.ts'
import { liveIdentity, onLiveIdentity } from './live-identity.ts'

const broken = (table: string, constraint: string, rows: string): RowgraftError =>
  new RowgraftError('verification-failed', `${rows} rows of "${table}" break "${constraint}"`, {
    detail: 'Triggers are off, so the server did not check it; rowgraft did.',
    hint: 'Live is unchanged. Make the plan again, or run it with --triggers fire.',
  })

/** Checks every foreign key of written rows and every deferrable unique they are in. Throws `verification-failed`. */
export const validateConstraints = async (writer: Writer, layout: Layout, catalog: SharedCatalog): Promise<void> => {
  for (const staged of layout.tables.values()) {
    if (!staged.steps.some(({ step }) => step.action !== 'delete')) continue
    await validateReferences(writer, staged, catalog)
    await validateUniques(writer, staged)
  }
}

const validateReferences = async (writer: Writer, staged: StagedTable, catalog: SharedCatalog): Promise<void> => {
  const live = liveIdentity(staged)
  for (const relation of catalog.relations) {
    const parent = catalog.live.tables.find(({ id }) => id === relation.parent)
    if (relation.child !== staged.table.id || !relation.isEnforced || parent === undefined) continue
    const written = sql`
      from ${staged.stage} as s ${live.joins}
      join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(staged, 't')}`
    await writer.rows(sql`
      select pg_catalog.count(*)::text
      from (
        select 1 from ${fromTable(parent)} as p
        where exists (select ${written} where ${joinRelation(relation, 't', 'p')})
        for key share of p
      ) as locked`)
    const [row] = await writer.rows(sql`
      select pg_catalog.count(*)::text ${written}
      where ${isSet('t', relation.columns)}
        and not exists (select from ${fromTable(parent)} as p where ${joinRelation(relation, 't', 'p')})`)
    if (row?.[0] !== '0') throw broken(staged.table.id, relation.name, row?.[0] ?? '')
  }
}

const validateUniques = async (writer: Writer, staged: StagedTable): Promise<void> => {
  const { table } = staged
  for (const unique of table.live.uniques.filter(({ isDeferrable, kind }) => isDeferrable && kind !== 'exclusion')) {
    const expressions = unique.elements.map(({ column: name, expression }, position) => {
      const value = name === null ? serverText(`(${expression})`) : identifier(name)
      return sql`${value} as ${identifier(`u${position}`)}`
    })
    const names = unique.elements.map((_, position) => column('t', `u${position}`))
    const where = unique.predicate === null ? sql`` : sql`where ${serverText(`(${unique.predicate})`)}`
    const isComparable = unique.nullsNotDistinct ? sql`true` : all(names.map((name) => sql`${name} is not null`))
    const [row] = await writer.rows(sql`
      select pg_catalog.count(*)::text
      from (
        select 1
        from (select ${list(expressions)} from ${fromTable(table.live)} ${where}) as t
        where ${isComparable}
        group by ${list(names)}
        having pg_catalog.count(*) > 1
      ) as duplicates`)
    if (row?.[0] !== '0') throw broken(table.id, unique.name, row?.[0] ?? '')
  }
}
