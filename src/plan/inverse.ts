/** The inverse of a run: delete what it inserted, put back what it updated or deleted. A plan like any other. Pure. */
import type { SharedCatalog } from '../catalog/shared.ts'
import { keyColumns } from '../keys/key-columns.ts'
import { hashPlan, type Plan } from './plan.ts'
import type { Step } from './step.ts'

/** What the journal says about the rows of one table. */
export interface WrittenRows {
  readonly table: string
  /** Packed live keys and digests of rows the run inserted or updated, in their order. */
  readonly inserted: readonly { readonly key: string; readonly digest: string }[]
  readonly updated: readonly { readonly key: string; readonly digest: string }[]
  /** Packed live keys of rows the run deleted (an undo is being undone). */
  readonly deleted: readonly string[]
}

/** The steps that take a run back: rows come back first, then references are put back, then rows go. */
export const invertSteps = (
  plan: Pick<Plan, 'steps'>,
  rows: readonly WrittenRows[],
  catalog: SharedCatalog,
): readonly Step[] => {
  const width = (id: string): number => catalog.tables.get(id)?.identity.length ?? 0
  const all = (id: string): readonly string[] => catalog.tables.get(id)?.columns.map(({ name }) => name) ?? []
  const base = { because: 'undo' as const, via: null }
  const inserts = rows
    .filter(({ deleted }) => deleted.length > 0)
    .map(
      ({ table, deleted }): Step => ({
        ...base,
        action: 'insert',
        table,
        columns: all(table),
        rows: deleted.length,
        keys: keyColumns(width(table), deleted),
      }),
    )
  const updates = rows.flatMap(({ table, updated }) => {
    let start = 0
    return plan.steps
      .filter((step) => step.table === table && step.action === 'update')
      .map((step): Step => {
        const part = updated.slice(start, start + step.rows)
        start += step.rows
        return {
          ...base,
          action: 'update',
          table,
          columns: step.columns,
          rows: part.length,
          keys: keyColumns(
            width(table),
            part.map(({ key }) => key),
          ),
          guards: part.map(({ digest }) => digest),
        }
      })
  })
  const deletes = rows
    .filter(({ inserted }) => inserted.length > 0)
    .map(
      ({ table, inserted }): Step => ({
        ...base,
        action: 'delete',
        table,
        columns: [],
        rows: inserted.length,
        keys: keyColumns(
          width(table),
          inserted.map(({ key }) => key),
        ),
        guards: inserted.map(({ digest }) => digest),
      }),
    )
  return [...inserts, ...updates, ...deletes].filter((step) => step.rows > 0)
}

/** The plan that undoes a run. */
export const invertPlan = (
  run: string,
  plan: Pick<Plan, 'live' | 'declared' | 'digest'>,
  parts: Pick<
    Plan,
    | 'steps'
    | 'fingerprints'
    | 'options'
    | 'conflicts'
    | 'triggers'
    | 'sequences'
    | 'made'
    | 'materialisedViews'
    | 'notes'
  >,
): Plan => {
  const inverse: Omit<Plan, 'hash'> = {
    v: 1,
    kind: 'plan',
    live: plan.live,
    backup: null,
    undoes: run,
    selection: { selectors: [], columns: null },
    ...(plan.declared === undefined ? {} : { declared: plan.declared }),
    digest: { method: plan.digest.method, value: '' },
    standIns: [],
    relations: [],
    leftOut: [],
    notInBackup: [],
    coverage: [],
    unchanged: [],
    alreadyLinked: [],
    alsoMissing: [],
    lost: [],
    defaults: [],
    narrower: [],
    aside: [],
    notUndoable: [],
    locksParents: parts.steps.some(({ action }) => action === 'insert'),
    bytes: 0,
    footprint: null,
    missingFiles: [],
    sources: {},
    edits: [],
    notFollowed: [],
    answers: {},
    answered: {},
    ...parts,
  }
  return { ...inverse, hash: hashPlan(inverse) }
}
