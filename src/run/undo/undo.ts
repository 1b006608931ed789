/**
 * Undo: the inverse plan of a run, from live and the journal alone.
 *
 * In comes the `JournalHead` of a run; out goes a `Plan`, and once that is run, its stage from the images of the journal.
 */
import type { Catalog, Table } from '../../catalog/catalog.ts'
import { fingerprint } from '../../catalog/read/fingerprint.ts'
import { readCatalog } from '../../catalog/read/read.ts'
import { readMaterialisedViews } from '../../catalog/read/views.ts'
import { type SharedCatalog, shareCatalogs } from '../../catalog/shared.ts'
import type { Reader, Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { isSameNames, packKey } from '../../keys/key.ts'
import { keysOf } from '../../keys/key-columns.ts'
import { makeConflict } from '../../plan/conflicts.ts'
import { firingTriggers, outwardFindings, usedSequences } from '../../plan/effects/effects.ts'
import { refuseUnpublishable } from '../../plan/effects/publications.ts'
import { refuseMissing } from '../../plan/effects/rights.ts'
import { invertPlan, invertSteps, type WrittenRows } from '../../plan/inverse.ts'
import { defaultPlanOptions } from '../../plan/options.ts'
import type { Plan } from '../../plan/plan.ts'
import type { OnStage } from '../../progress/progress.ts'
import { incomplete, type JournalHead, streamImages } from '../journal/journal-head.ts'
import { readMadeRows, readWritten } from '../journal/written-rows.ts'
import type { RunProgress } from '../run.ts'
import { createStage, indexStage, stageFromImages, stageKeys } from '../stage/stage.ts'
import type { Layout } from '../stage/staged.ts'

/** What triggers of a run made, of tables whose rows are still known by the same columns. */
const readMade = async (head: JournalHead, catalog: SharedCatalog): Promise<readonly WrittenRows[]> => {
  const made = new Map<string, { key: string; digest: string }[]>()
  for await (const { table, identity, rows } of readMadeRows(head.path)) {
    if (identity.length === 0) continue // they go with the rows that they refer to
    if (!isSameNames(catalog.tables.get(table)?.identity, identity)) continue
    const known = made.get(table) ?? []
    made.set(table, known)
    for (const { live, digest } of rows) known.push({ key: packKey(live), digest })
  }
  return [...made].map(([table, inserted]) => ({ table, inserted, updated: [], deleted: [] }))
}

/** The rows a run wrote, and those its triggers made, table by table. */
const addMade = (written: readonly WrittenRows[], made: readonly WrittenRows[]): readonly WrittenRows[] => {
  const known = new Set(written.map(({ table }) => table))
  return [
    ...written.map((rows) => {
      const own = made.find(({ table }) => table === rows.table)?.inserted ?? []
      return { ...rows, inserted: [...rows.inserted, ...own] }
    }),
    ...made.filter(({ table }) => !known.has(table)),
  ]
}

/** What live looks like where a run wrote. */
export const readUndone = async (
  reader: Reader,
  { plan }: JournalHead,
): Promise<{ readonly live: Catalog } & Pick<Plan, 'materialisedViews'>> => {
  const live = await readCatalog(reader)
  const written = live.tables.filter(({ id }) => plan.steps.some(({ table }) => table === id))
  return { live, materialisedViews: await readMaterialisedViews(reader, written) }
}

const fingerprintOf = (table: Table | undefined): readonly (readonly [string, string])[] =>
  table === undefined ? [] : [[table.id, fingerprint(table)]]

/** A plan that takes back less than the run did must never come of a journal. */
const checkComplete = (head: JournalHead, written: readonly WrittenRows[]): void => {
  for (const { table, inserted, updated } of written) {
    for (const [action, rows] of [
      ['insert', inserted],
      ['update', updated],
    ] as const) {
      const steps = head.plan.steps.filter((step) => step.table === table && step.action === action)
      const wanted = steps.reduce((sum, step) => sum + step.rows, 0)
      if (rows.length !== wanted) throw incomplete(head.path, `${rows.length} of ${wanted} rows of "${table}"`)
    }
  }
}

/** The images in the journal fit only tables as the run left them. Throws `undo-refused` for any other. */
const checkTables = ({ run: { run }, plan }: JournalHead, live: Catalog, catalog: SharedCatalog): void => {
  const unknown = plan.steps.find(({ table }) => !catalog.tables.has(table))
  if (unknown !== undefined) {
    throw new RowgraftError('undo-refused', `table "${unknown.table}" of run ${run} is gone from live`, {
      hint: 'There is nothing left to take back there; undo the rest by hand.',
    })
  }
  const altered = Object.entries(plan.fingerprints).find(([id, known]) => {
    const table = live.tables.find((candidate) => candidate.id === id)
    return table === undefined || fingerprint(table) !== known
  })
  if (altered !== undefined) {
    throw new RowgraftError('undo-refused', `table "${altered[0]}" was altered after run ${run}`, {
      hint: 'The images in the journal fit the table as it was; undo by hand.',
    })
  }
}

/** What the user says of an undo; the rest holds as it did for the run. */
export type UndoOptions = Partial<Pick<Plan['options'], 'triggers' | 'settings'>>

/** Builds the plan that takes a run back. Throws `undo-refused` where that cannot be, `damaged-journal` where it lacks rows. */
export const planUndo = async (
  head: JournalHead,
  {
    live,
    materialisedViews,
    onStage,
  }: { readonly live: Catalog; readonly onStage: OnStage } & Pick<Plan, 'materialisedViews'>,
  given: UndoOptions,
): Promise<Plan> => {
  const run = head.run.run
  if (head.state !== 'committed') {
    throw new RowgraftError('undo-refused', `run ${run} is not in live: it is ${head.state}`, {
      hint: head.state === 'open' ? 'Run "rowgraft recover" first.' : 'Run "rowgraft runs" to see what can be undone.',
    })
  }
  const catalog = shareCatalogs(live, live, head.plan.declared)
  checkTables(head, live, catalog)
  const written = await readWritten(head, onStage)
  checkComplete(head, written)
  const made = await readMade(head, catalog)
  const steps = invertSteps(head.plan, addMade(written, made), catalog)
  const tables = new Map(live.tables.map((table) => [table.id, table]))
  const sequences = usedSequences(tables, steps, catalog)
  refuseMissing(live, { steps, sequences, standIns: [] })
  refuseUnpublishable(live, steps, 'undo-refused')
  // What held for the run holds for its undo, unless the user says otherwise.
  const triggers = given.triggers ?? head.plan.options.triggers
  const fired = firingTriggers(tables, steps, triggers)
  return invertPlan(run, head.plan, {
    made: new Date().toISOString(),
    steps,
    fingerprints: {
      ...Object.fromEntries(made.flatMap(({ table }) => fingerprintOf(tables.get(table)))),
      ...head.plan.fingerprints,
    },
    options: {
      ...defaultPlanOptions,
      triggers,
      acceptTrigger: head.plan.options.acceptTrigger,
      role: head.plan.options.role,
      settings: { ...head.plan.options.settings, ...given.settings },
    },
    conflicts: outwardFindings(fired, triggers).map(makeConflict),
    triggers: fired,
    sequences,
    materialisedViews,
    notes: head.stays.map((table) => ({ kind: 'trigger rows', table }) as const),
  })
}

/** Fills the stage of every table. Throws `damaged-journal` when the journal holds fewer images than the plan has rows. */
export const stageFromJournal = async (
  writer: Writer,
  layout: Layout,
  { path, onProgress }: { readonly path: string; readonly onProgress: RunProgress },
): Promise<void> => {
  for (const staged of layout.tables.values()) {
    onProgress({ stage: 'stage', table: staged.table.id, total: staged.rows })
    await createStage(writer, staged)
    for (const [action, kind] of [
      ['insert', 'deleted'],
      ['update', 'updated'],
    ] as const) {
      if (!staged.steps.some(({ step }) => step.action === action)) continue
      const columns = staged.table.columns.map(({ name }) => name).sort()
      const images = (async function* () {
        yield streamImages(path, { kind, table: staged.table.id, columns })
      })()
      const rows = await stageFromImages(writer, staged, { columns, images })
      const wanted = staged.steps
        .filter(({ step }) => step.action === action)
        .reduce((sum, { step }) => sum + step.rows, 0)
      if (rows !== wanted) throw incomplete(path, `images of ${rows} of ${wanted} rows of "${staged.table.id}"`)
    }
    for (const { step } of staged.steps)
      if (step.action === 'delete') await stageKeys(writer, staged, keysOf(step.keys))
    onProgress({ stage: 'stage', table: staged.table.id, done: staged.rows, total: staged.rows })
    await indexStage(writer, layout, staged)
  }
}
