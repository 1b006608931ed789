/** Relations of the config file, looked up and checked on both sides. */

import type { DeclaredKey } from '../../catalog/declared.ts'
import { RefusedError } from '../../catalog/refusal/refusal.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import type { DeclaredRelation } from '../../config/config.ts'
import { displayName } from '../../database/display.ts'
import { shortName } from '../../sql/references.ts'
import { tryCondition } from './conditions.ts'
import { findFlaws } from './flaws.ts'
import { checkConfigColumns, namedTable, refuseConfig, type Snapshots } from './names.ts'

/** Tells relations of the same name apart by numbers. */
export const nameApart = (keys: readonly DeclaredKey[]): readonly DeclaredKey[] => {
  const used = new Map<string, number>()
  return keys.map((key) => {
    const id = `${key.child}.${key.name}`
    const count = (used.get(id) ?? 0) + 1
    used.set(id, count)
    return count === 1 ? key : { ...key, name: `${key.name} ${count}` }
  })
}

const readKey = async (
  sides: Snapshots,
  catalog: SharedCatalog,
  { from, columns, to, toColumns, where, onDelete }: DeclaredRelation,
): Promise<DeclaredKey> => {
  const [child, parent] = [namedTable(catalog, from, 'relations'), namedTable(catalog, to, 'relations')]
  const parentColumns = toColumns ?? parent.primaryKey
  if (parentColumns.length === 0) {
    throw refuseConfig(
      `"relations" refers to "${parent.id}", which has no primary key`,
      'Name its columns with toColumns.',
    )
  }
  checkConfigColumns(child, columns, 'relations')
  checkConfigColumns(parent, parentColumns, 'relations')
  const what = `"relations" refers from ${columns.length} column(s) of "${child.id}" to ${parentColumns.length} of "${parent.id}"`
  if (columns.length !== parentColumns.length)
    throw refuseConfig(what, 'Give as many toColumns as columns, in the same order.')
  if (parent.hidden === null) {
    const both = {
      live: { reader: sides.live, table: parent.live },
      backup: { reader: sides.backup, table: parent.backup },
    }
    const flaws = await findFlaws(both, parentColumns, { mayBeEmpty: true })
    const names = parentColumns.join(', ')
    if (flaws !== null) {
      const what = `the config file: "relations" refers to (${names}) of "${parent.id}", which is no key`
      throw new RefusedError('bad-file', what, {
        refusal: { kind: 'no such key', as: 'reference', columns: parentColumns, flaws },
        hint: 'Refer to columns that are unique.',
      })
    }
  }
  if (where !== undefined) {
    const given = { condition: where, key: 'relations' }
    await tryCondition(sides.backup, child, given)
    await tryCondition(sides.live, child, given)
  }
  return {
    name: `${columns.map(displayName).join(', ')} -> ${shortName(parent)} (declared)`,
    child: child.id,
    columns,
    parent: parent.id,
    parentColumns,
    onDelete: onDelete ?? 'cascade',
    condition: where === undefined ? null : { by: 'sql', sql: where },
  }
}

/** The relations of the config file. Throws for tables, columns and conditions that are not there. */
export const readKeys = async (
  sides: Snapshots,
  catalog: SharedCatalog,
  relations: readonly DeclaredRelation[],
): Promise<readonly DeclaredKey[]> => {
  const keys: DeclaredKey[] = []
  for (const relation of relations) keys.push(await readKey(sides, catalog, relation))
  return keys
}
