/**
 * Reads the catalog of one database in one statement, a query per kind of object, under an empty search_path, so that every name in a
 * definition is printed qualified and the same constraint reads the same on both sides. Columns that newer servers added to the
 * catalog are read through `to_jsonb`, which knows only those that exist. Each object is one JSON document about the catalog; no
 * user data is ever read this way.
 *
 * In comes a Reader, out goes a `Catalog`.
 */
import { sql } from 'kysely'
import type { Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import type { Catalog } from '../catalog.ts'
import { buildCatalog } from './build.ts'
import type {
  CheckRow,
  ColumnRow,
  DatabaseRow,
  ForeignKeyRow,
  OtherRow,
  RuleRow,
  SubscribedRow,
  TableRow,
  TriggerRow,
  UniqueRow,
  UnpublishableRow,
} from './catalog-rows.ts'
import {
  checksQuery,
  columnsQuery,
  databaseQuery,
  foreignKeysQuery,
  othersQuery,
  rulesQuery,
  tablesQuery,
  triggersQuery,
  uniquesQuery,
} from './queries.ts'
import { subscribedQuery, unpublishableQuery } from './replication-queries.ts'

const queries = [
  databaseQuery,
  tablesQuery,
  othersQuery,
  columnsQuery,
  uniquesQuery,
  foreignKeysQuery,
  checksQuery,
  triggersQuery,
  rulesQuery,
  unpublishableQuery,
  subscribedQuery,
]

/** The documents of one query as one list. */
const listed = (query: Query): Query =>
  sql`(select '[' || coalesce(pg_catalog.string_agg(q.document, ','), '') || ']' from (${query}) as q(document))`

/** Reads everything rowgraft needs to know about one database. Needs an empty search_path (a read transaction has it). */
export const readCatalog = async (reader: Reader): Promise<Catalog> => {
  const [lists = []] = await reader.rows(sql`select ${sql.join(queries.map(listed))}`)
  const take = <T>(query: Query): readonly T[] => {
    // The shape is the query's own `json_build_object`.
    return JSON.parse(lists[queries.indexOf(query)] ?? '[]') as readonly T[]
  }
  const [database] = take<DatabaseRow>(databaseQuery)
  if (database === undefined) throw new Error('the catalog has no current database')
  return buildCatalog({
    version: reader.version,
    database,
    tables: take<TableRow>(tablesQuery),
    others: take<OtherRow>(othersQuery),
    columns: take<ColumnRow>(columnsQuery),
    uniques: take<UniqueRow>(uniquesQuery),
    foreignKeys: take<ForeignKeyRow>(foreignKeysQuery),
    checks: take<CheckRow>(checksQuery),
    triggers: take<TriggerRow>(triggersQuery),
    rules: take<RuleRow>(rulesQuery),
    unpublishable: take<UnpublishableRow>(unpublishableQuery),
    subscribed: take<SubscribedRow>(subscribedQuery),
  })
}
