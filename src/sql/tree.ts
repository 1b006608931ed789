/** Tables in SQL as the server's catalog knows them: a table's oid, and those of its partitions. */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import type { QualifiedName } from '../database/display.ts'
import { column, literal, type Query } from '../database/names.ts'

export const oidOf = ({ schema, name }: QualifiedName): Query =>
  sql`pg_catalog.format('%I.%I', ${literal(schema)}, ${literal(name)})::pg_catalog.regclass`

/** The table and, of a partitioned one, every partition: a key can refer to a single one of them, or be a single one's. */
export const treeOf = (table: Pick<Table, 'schema' | 'name' | 'kind'>): Query =>
  table.kind === 'partitioned'
    ? sql`select relid from pg_catalog.pg_partition_tree(${oidOf(table)})`
    : sql`select ${oidOf(table)}`

/** True where a row stands in a default partition, at any level. */
export const isInDefault = (alias: string): Query => sql`exists (
  select from pg_catalog.pg_partition_ancestors(${column(alias, 'tableoid')}) as a(relid)
  join pg_catalog.pg_partitioned_table p on p.partdefid = a.relid)`
