/**
 * What the config file says about the tables, put together with what the catalogs say: names are looked up, conditions tried, and
 * identities checked against the data, before anything relies on them.
 *
 * In come declarations and both catalogs, out go relations and identities that hold.
 */

import type { Catalog } from '../../catalog/catalog.ts'
import { type Declarations, noDeclarations } from '../../catalog/declared.ts'
import type { TableRefusal } from '../../catalog/refusal/refusal.ts'
import { declaredJunction } from '../../catalog/relations.ts'
import { type SharedCatalog, type SharedTable, shareCatalogs, withSoftDeletes } from '../../catalog/shared.ts'
import type { Config } from '../../config/config.ts'
import { isRowgraftError } from '../../errors.ts'
import { tryCondition } from './conditions.ts'
import { readGenericKeys, readNamedRows } from './django.ts'
import { findFlaws } from './flaws.ts'
import { nameApart, readKeys } from './keys.ts'
import { checkConfigColumns, namedTable, refuseConfig, type Snapshots } from './names.ts'
import { joinTyped, readPolymorphic } from './polymorphic.ts'

const both = (sides: Snapshots, { live, backup }: SharedTable) => ({
  live: { reader: sides.live, table: live },
  backup: { reader: sides.backup, table: backup },
})

/** Tables that are out. One that could not be restored anyhow may be named, too. */
const readExcluded = (catalog: SharedCatalog, names: readonly string[]): Declarations['refusals'] => {
  const ids = names.flatMap((name) => {
    try {
      return [namedTable(catalog, name, 'exclude').id]
    } catch (error) {
      if (isRowgraftError(error) && error.code === 'not-restorable') return []
      throw error
    }
  })
  return Object.fromEntries(ids.map((id) => [id, { kind: 'excluded' }]))
}

type Found = Pick<Declarations, 'identities' | 'junctions' | 'refusals'>

const readIdentities = async (
  sides: Snapshots,
  catalog: SharedCatalog,
  named: NonNullable<Config['identities']>,
): Promise<Found> => {
  const identities: Record<string, readonly string[]> = {}
  const refusals: Record<string, TableRefusal> = {}
  for (const [name, columns] of Object.entries(named)) {
    const table = namedTable(catalog, name, 'identities')
    checkConfigColumns(table, columns, 'identities')
    identities[table.id] = columns
    const flaws = table.hidden === null ? await findFlaws(both(sides, table), columns) : null
    if (flaws !== null) refusals[table.id] = { kind: 'no such key', as: 'identity', columns, flaws }
  }
  return { identities, junctions: [], refusals }
}

/** `catalog` has the declared relations already: an end may be one of them. */
const readJunctions = async (sides: Snapshots, catalog: SharedCatalog, names: readonly string[]): Promise<Found> => {
  const junctions: string[] = []
  const refusals: Record<string, TableRefusal> = {}
  for (const name of names) {
    const table = namedTable(catalog, name, 'junctions')
    const found = declaredJunction(table.live, catalog.relations)
    if (found === null) {
      const own = catalog.relations.filter(({ child, condition }) => child === table.id && condition === null)
      throw refuseConfig(
        `"junctions" names "${table.id}", which refers to ${own.length} tables`,
        'A junction table has two relations: declare what is missing in "relations".',
        own.map(({ id }) => id).join('\n') || undefined,
      )
    }
    const { columns } = found
    const flaws = table.hidden === null ? await findFlaws(both(sides, table), columns) : null
    if (flaws === null) junctions.push(table.id)
    else refusals[table.id] = { kind: 'no such key', as: 'junction', columns, flaws }
  }
  return { identities: {}, junctions, refusals }
}

/** SQL naming rows that must not come back, tried on the backup. */
const readNever = async (
  sides: Snapshots,
  catalog: SharedCatalog,
  named: NonNullable<Config['never']>,
): Promise<ReadonlyMap<string, string>> => {
  const conditions = new Map<string, string>()
  for (const [name, condition] of Object.entries(named)) {
    const table = namedTable(catalog, name, 'never')
    await sides.withUserSearchPath(() => tryCondition(sides.backup, table, { condition, key: 'never' }))
    conditions.set(table.id, condition)
  }
  return conditions
}

/** Both catalogs side by side, with what the config file says of them. Throws for everything that it names and is not there. */
export const declareCatalog = async (
  sides: Snapshots,
  { live, backup }: { readonly live: Catalog; readonly backup: Catalog },
  config: Config,
): Promise<SharedCatalog> => {
  const bare = shareCatalogs(live, backup)
  const softDeletes = Object.entries(config.softDelete ?? {}).map(
    ([table, column]) => [namedTable(bare, table, 'softDelete').id, column] as const,
  )
  const excluded = readExcluded(bare, config.exclude ?? [])
  const declared = await readKeys(sides, bare, config.relations ?? [])
  const configured = shareCatalogs(live, backup, { ...noDeclarations, relations: declared })
  const named = await readNamedRows(sides, configured)
  const polymorphic = readPolymorphic({ ...configured, named }, config.polymorphic ?? [])
  const generic = await readGenericKeys(sides, configured, named)
  const typed = joinTyped(polymorphic, generic)
  const relations = nameApart([...declared, ...typed.relations])
  const identities = await readIdentities(sides, bare, config.identities ?? {})
  const related = shareCatalogs(live, backup, { ...noDeclarations, relations })
  const junctions = await readJunctions(sides, related, config.junctions ?? [])
  const never = await readNever(sides, bare, config.never ?? {})
  const declarations: Declarations = {
    relations,
    identities: identities.identities,
    junctions: junctions.junctions,
    refusals: { ...identities.refusals, ...junctions.refusals, ...excluded },
  }
  return withSoftDeletes(
    { ...shareCatalogs(live, backup, declarations), named, typed: typed.references, never },
    new Map(softDeletes),
  )
}
