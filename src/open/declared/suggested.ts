/**
 * Relations that nobody declared, and that names and data speak for: candidates come from names and types, and are held against the
 * backup's rows. They are told, and followed only where somebody says so.
 *
 * In come a snapshot of the backup and what both sides share; out go lines that the config file may have.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { type LikelyReference, likelyReferences } from '../../catalog/conventions/likely-references.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import type { Config, DeclaredRelation } from '../../config/config.ts'
import { column } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { tableOf } from '../../rows/sides.ts'
import { findUnapproved, readTypes, type TypedSuggestion } from '../../rows/typed-rows.ts'
import { fromTable } from '../../sql/rows.ts'

/** What the backup's rows say of a reference of one column. */
export interface Evidence {
  /** Rows that refer. */
  readonly rows: number
  /** Different values, and how many of them are no key of the parent. */
  readonly values: number
  readonly orphans: number
  /** Whole numbers between the least value and the greatest that are no key of the parent: not one of them is referred to. Null for other keys. */
  readonly gaps: number | null
}

/** A relation that names and data speak for. */
export type Suggestion =
  | { readonly kind: 'relation'; readonly relation: DeclaredRelation; readonly evidence: Evidence }
  | ({ readonly kind: 'polymorphic' } & TypedSuggestion)

const whole = /^(smallint|integer|bigint)$/

const readEvidence = async (
  backup: Reader,
  catalog: SharedCatalog,
  { child, column: name, parent, parentColumn }: LikelyReference,
): Promise<Evidence> => {
  const [from, to] = [tableOf(catalog, child).backup, tableOf(catalog, parent).backup]
  const [value, key] = [column('t', name), column('t', parentColumn)]
  const isWhole = [columnOf(from, name), columnOf(to, parentColumn)].every((own) => whole.test(own?.baseType ?? ''))
  const gaps = isWhole
    ? sql`(select max(v.value) - min(v.value) + 1 from v where v.is_there) - (
        select count(*) from ${fromTable(to)} as t
        where ${key} between (select min(v.value) from v where v.is_there) and (select max(v.value) from v where v.is_there))`
    : sql`null`
  const [row] = await backup.rows(sql`
    with used as (
      select ${value} as value, count(*) as rows from ${fromTable(from)} as t where ${value} is not null group by 1
    ), v as materialized (
      select u.value, u.rows, exists (select from ${fromTable(to)} as t where ${key} = u.value) as is_there from used u
    )
    select coalesce(sum(v.rows), 0)::text, count(*)::text, (count(*) filter (where not v.is_there))::text, (${gaps})::text
    from v`)
  const [rows, values, orphans, between] = row ?? []
  return {
    rows: Number(rows),
    values: Number(values),
    orphans: Number(orphans),
    gaps: between == null ? null : Number(between),
  }
}

/** Few values are no key of the parent: rows that lost theirs before the backup, or a 0 that stands for none. */
const isHeld = ({ values, orphans }: Evidence): boolean => values > orphans && (orphans <= 1 || orphans * 20 <= values)

/** What names and the backup's rows speak for, in the order of the tables. A column without values has nothing to say. */
export const findSuggestions = async (backup: Reader, catalog: SharedCatalog): Promise<readonly Suggestion[]> => {
  const found: Suggestion[] = []
  for (const likely of likelyReferences(catalog)) {
    const evidence = await readEvidence(backup, catalog, likely)
    if (!isHeld(evidence)) continue
    const relation = { from: likely.child, columns: [likely.column], to: likely.parent }
    found.push({ kind: 'relation', relation, evidence })
  }
  for (const pair of findUnapproved(catalog)) {
    const suggestion = await readTypes({ backup, catalog }, pair)
    if (suggestion !== null) found.push({ kind: 'polymorphic', ...suggestion })
  }
  return found.sort((a, b) => (a.relation.from < b.relation.from ? -1 : a.relation.from > b.relation.from ? 1 : 0))
}

/** A config that says what is suggested, too. */
export const withSuggestions = (config: Config, suggestions: readonly Suggestion[]): Config => ({
  ...config,
  relations: [
    ...(config.relations ?? []),
    ...suggestions.flatMap((own) => (own.kind === 'relation' ? [own.relation] : [])),
  ],
  polymorphic: [
    ...(config.polymorphic ?? []),
    ...suggestions.flatMap((own) => (own.kind === 'polymorphic' ? [own.relation] : [])),
  ],
})
