/** What a plan tells about its steps that only the servers know. */
import { readMaterialisedViews } from '../../catalog/read/views.ts'
import { streamKeys } from '../../keys/key-columns.ts'
import { rowsWriting, setEdits } from '../../plan/notes/edits.ts'
import type { Note } from '../../plan/notes/note.ts'
import type { PlanOptions } from '../../plan/options.ts'
import type { Plan } from '../../plan/plan.ts'
import type { PlanUse, StandIns, Step } from '../../plan/step.ts'
import { readUnseenFrom, type Sides, tableOf } from '../../rows/sides.ts'
import { listNotFollowed } from '../../rows/typed-rows.ts'
import { countLost } from './measure.ts'
import { readFootprint, readSequenceMoves } from './read-footprint.ts'
import { countMapped } from './transformed-rows.ts'
import { unindexedReferences } from './unindexed.ts'

/** What a plan writes. */
export interface Written extends PlanUse {
  readonly standIns: readonly StandIns[]
  /** Bytes of the rows. */
  readonly bytes: number
}

/** `lost` and `edits` are those beside what transforms come to. */
export interface PlanFacts
  extends Pick<Plan, 'lost' | 'sequences' | 'materialisedViews' | 'footprint' | 'edits' | 'notFollowed'> {
  readonly unseenFrom: string
  /** Tables that lack an index which an undo would want. */
  readonly unindexed: readonly Note[]
}

export const readPlanFacts = async (sides: Sides, written: Written, options: PlanOptions): Promise<PlanFacts> => {
  const { live, catalog } = sides
  const { steps } = written
  sides.onStage({ stage: 'facts' })
  const writtenTables = [...new Set(steps.map(({ table }) => table))]
  return {
    unseenFrom: await readUnseenFrom(live),
    lost: await readLost(sides, steps),
    sequences: await readSequenceMoves(live, written, (id) => tableOf(catalog, id)),
    materialisedViews: await readMaterialisedViews(
      live,
      writtenTables.map((id) => tableOf(catalog, id).live),
    ),
    footprint: await readFootprint({ ...written, live, catalog: catalog.live }),
    edits: [...setEdits(steps, options), ...(await readMapped(sides, options, steps))],
    notFollowed: await listNotFollowed(sides, insertedKeys(steps)),
    unindexed: await unindexedReferences(live, catalog, steps),
  }
}

/** Values of columns that live no longer has, in the rows inserted. */
const readLost = async (sides: Sides, steps: readonly Step[]): Promise<Plan['lost']> => {
  const lost: { table: string; column: string; values: number }[] = []
  for (const [id, keys] of insertedKeys(steps)) {
    // What a transform did not take out of its rows is counted with them.
    const table = tableOf(sides.catalog, id)
    if (sides.transforms?.has(id) || !table.drift.some(({ kind }) => kind === 'only in backup')) continue
    for (const { column, values } of await countLost(sides, table, keys)) {
      lost.push({ table: id, column, values })
    }
  }
  return lost
}

/** What `--map-enum` makes of the rows written. */
const readMapped = async (sides: Sides, { mapEnum }: PlanOptions, steps: readonly Step[]): Promise<Plan['edits']> => {
  const edits: Plan['edits'][number][] = []
  for (const [, [first, ...others]] of Map.groupBy(mapEnum, ({ table, column }) => JSON.stringify([table, column]))) {
    if (first === undefined) continue
    const { table, column } = first
    const counts = await countMapped(sides, tableOf(sides.catalog, table), {
      column,
      keys: rowsWriting(steps, table, column),
    })
    for (const { from, to } of [first, ...others]) {
      const rows = counts.get(from) ?? 0
      if (rows > 0) edits.push({ table, column, by: 'map-enum', from, to, rows })
    }
  }
  return edits
}

/** Packed keys of the rows to be inserted, by table. */
const insertedKeys = (steps: readonly Step[]): ReadonlyMap<string, Iterable<string>> => {
  const inserts = Map.groupBy(
    steps.filter(({ action }) => action === 'insert'),
    ({ table }) => table,
  )
  return new Map([...inserts].map(([table, own]) => [table, streamKeys(own.map(({ keys }) => keys))]))
}
