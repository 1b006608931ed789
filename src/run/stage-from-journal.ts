/** The stage of an undo: images of updated and deleted rows out of another run's journal, and the keys of rows to be deleted. */
import type { Writer } from '../database/session.ts'
import { keysOf } from '../plan/plan.ts'
import { incomplete, streamImages } from './journal-head.ts'
import type { Layout } from './layout.ts'
import { createStage, indexStage, stageFromImages, stageKeys } from './stage.ts'

/** Fills the stage of every table. Throws `damaged-journal` when the journal holds fewer images than the plan has rows. */
export const stageFromJournal = async (writer: Writer, layout: Layout, path: string): Promise<void> => {
  for (const staged of layout.tables.values()) {
    await createStage(writer, staged)
    for (const [action, kind] of [
      ['insert', 'deleted'],
      ['update', 'updated'],
    ] as const) {
      if (!staged.steps.some(({ step }) => step.action === action)) continue
      const columns = staged.table.columns.map(({ name }) => name).sort()
      const rows = await stageFromImages(
        writer,
        staged,
        columns,
        (async function* () {
          yield streamImages(path, { kind, table: staged.table.id, columns })
        })(),
      )
      const wanted = staged.steps
        .filter(({ step }) => step.action === action)
        .reduce((sum, { step }) => sum + step.rows, 0)
      if (rows !== wanted) throw incomplete(path, `images of ${rows} of ${wanted} rows of "${staged.table.id}"`)
    }
    for (const { step } of staged.steps)
      if (step.action === 'delete') await stageKeys(writer, staged, keysOf(step.keys))
    await indexStage(writer, layout, staged)
  }
}
