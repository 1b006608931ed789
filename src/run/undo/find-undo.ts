/** The undo of a run that somebody names, or of the newest. */
import { refuseTriggersOff } from '../../database/acting.ts'
import type { Session } from '../../database/session/session.ts'
import type { Plan } from '../../plan/plan.ts'
import type { OnStage } from '../../progress/progress.ts'
import type { JournalHead } from '../journal/journal-head.ts'
import { findRun, withRunReader } from '../journal/runs.ts'
import { undoable } from './newest.ts'
import { planUndo, readUndone, type UndoOptions } from './undo.ts'

/** The plan that takes a run back. Throws as `findRun` and `planUndo` do, and `missing-privileges` where triggers cannot be switched off. */
export const planUndoOf = async (
  session: Session,
  heads: readonly JournalHead[],
  { run, onStage, ...options }: { readonly run: string | undefined; readonly onStage: OnStage } & UndoOptions,
): Promise<Plan> => {
  const head = findRun(undoable(heads, run), run)
  const found = await withRunReader(session, head, (reader) => readUndone(reader, head))
  const plan = await planUndo(head, { ...found, onStage }, options)
  if (plan.options.triggers === 'off') await refuseTriggersOff(session)
  return plan
}
