/**
 * Reads the catalog of one database, one statement per kind of object, under an empty search_path, so that every name in a
 * definition is printed qualified and the same constraint reads the same on both sides. Columns that newer servers added to the
 * catalog are read through `to_jsonb`, which knows only those that exist. Each row is one JSON document about the catalog; no
 * user data is ever read this way.
 *
 * In comes a Reader, out goes a `Catalog`.
 */
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

/** Rows of one catalog query, decoded. The shape is the query's own `json_build_object`. */
const read = async <T>(reader: Reader, query: Query): Promise<readonly T[]> => {
  const rows = await reader.rows(query)
  return rows.map(([document]) => JSON.parse(document ?? 'null') as T)
}

/** Reads everything rowgraft needs to know about one database. Needs an empty search_path (a read transaction has it). */
export const readCatalog = async (reader: Reader): Promise<Catalog> => {
  const [database] = await read<DatabaseRow>(reader, databaseQuery)
  if (database === undefined) throw new Error('the catalog has no current database')
  return buildCatalog({
    version: reader.version,
    database,
    tables: await read<TableRow>(reader, tablesQuery),
    others: await read<OtherRow>(reader, othersQuery),
    columns: await read<ColumnRow>(reader, columnsQuery),
    uniques: await read<UniqueRow>(reader, uniquesQuery),
    foreignKeys: await read<ForeignKeyRow>(reader, foreignKeysQuery),
    checks: await read<CheckRow>(reader, checksQuery),
    triggers: await read<TriggerRow>(reader, triggersQuery),
    rules: await read<RuleRow>(reader, rulesQuery),
    unpublishable: await read<UnpublishableRow>(reader, unpublishableQuery),
    subscribed: await read<SubscribedRow>(reader, subscribedQuery),
  })
}
