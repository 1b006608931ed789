/** Partitions that live does not have. */
import { sql } from 'kysely'
import { isRenamed } from '../../../catalog/catalog.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import type { Query } from '../../../database/names.ts'
import type { Sides } from '../../../rows/sides.ts'
import { oidOf } from '../../../sql/tree.ts'
import { inPartition, type RowCondition } from './condition.ts'

/** A condition for each partition of the backup that live does not have. */
export const findPartitions = async (sides: Sides, table: SharedTable): Promise<readonly RowCondition[]> => {
  // Under another name its partitions are called otherwise, too.
  if (table.backup.kind !== 'partitioned' || isRenamed(table.backup)) return []
  const partitionsOf = (): Query => sql`
    select p.relid::pg_catalog.regclass::text
    from pg_catalog.pg_partition_tree(${oidOf(table)}) p
    where p.isleaf and p.level > 0`
  const inLive = new Set(
    table.live.kind === 'partitioned' ? (await sides.live.rows(partitionsOf())).map(([name]) => name) : [],
  )
  const names = (await sides.backup.rows(partitionsOf())).map(([name]) => name ?? '')
  return names.filter((name) => !inLive.has(name)).map(inPartition)
}
