/** Tables in SQL as the server's catalog knows them: a table's oid, and those of its partitions. */
import { sql } from 'kysely'
import { literal, type QualifiedName, type Query } from '../database/names.ts'
import type { Table } from './catalog.ts'

export const oidOf = ({ schema, name }: QualifiedName): Query =>
  sql`pg_catalog.format('%I.%I', ${literal(schema)}, ${literal(name)})::pg_catalog.regclass`

/** The table and, of a partitioned one, every partition: a key can refer to a single one of them, or be a single one's. */
export const treeOf = (table: Pick<Table, 'schema' | 'name' | 'kind'>): Query =>
  table.kind === 'partitioned'
    ? sql`select relid from pg_catalog.pg_partition_tree(${oidOf(table)})`
    : sql`select ${oidOf(table)}`
