/** What a run takes of live beside its rows: privileges, room, and whoever gets its changes as well. Pure. */
import type { Catalog } from '../../catalog/catalog.ts'
import { displayAlone } from '../../database/display.ts'
import type { Footprint, PlanUse, Step, UsedPrivilege } from '../step.ts'

const ofTable = (steps: readonly Step[], { standsIn }: { readonly standsIn: boolean }): string => {
  const columns = [...new Set(steps.flatMap((step) => (step.action === 'update' ? step.columns : [])))]
  return [
    'select',
    ...(steps.some(({ action }) => action === 'insert') ? ['insert'] : []),
    ...(columns.length > 0 ? [`update (${columns.map(displayAlone).join(', ')})`] : []),
    // Whoever locks a row must be allowed to update some column of it.
    ...(columns.length === 0 && standsIn ? ['update (any column)'] : []),
  ].join(', ')
}

/** Every privilege that a run uses, those on tables first. */
export const usedPrivileges = (
  { database }: Catalog,
  { steps, sequences, standIns }: PlanUse,
): readonly UsedPrivilege[] => {
  if (steps.length === 0) return []
  const standing = new Set(standIns.map(({ table }) => table))
  const tables = [...new Set([...steps.map(({ table }) => table), ...standing])].sort()
  const taken = tables.map((table) => {
    const own = steps.filter((step) => step.table === table)
    return { table, privilege: ofTable(own, { standsIn: standing.has(table) }) }
  })
  const used = [...new Set(sequences.flatMap(({ sequence }) => sequence ?? []))].sort()
  return [
    ...[...Map.groupBy(taken, ({ privilege }) => privilege)].map(
      ([privilege, group]): UsedPrivilege => ({ privilege, kind: 'table', on: group.map(({ table }) => table) }),
    ),
    ...(used.length === 0 ? [] : [{ privilege: 'usage, select', kind: 'sequence', on: used } as const]),
    { privilege: 'temporary', kind: 'database', on: [displayAlone(database)] },
  ]
}

/** Heap and index records of one row, beside its values: headers of records and tuples. */
const perRow = 60
const perIndex = 70

/** Bytes of stage and log for rows of so many bytes of text. */
export const measureRoom = (
  { tables }: Catalog,
  steps: readonly Step[],
  bytes: number,
): Pick<Footprint, 'stage' | 'wal'> => {
  const rows = steps.reduce((sum, step) => sum + step.rows, 0)
  const records = steps.map((step) => {
    const indexes = tables.find(({ id }) => id === step.table)?.uniques.length ?? 0
    return step.rows * (perRow + (step.action === 'insert' ? perIndex * indexes : perRow))
  })
  return { stage: bytes + rows * perRow, wal: bytes + records.reduce((sum, record) => sum + record, 0) }
}
