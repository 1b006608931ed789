/** From a plan to its script: what must hold, and where the rows come from. */
import { withReadTransaction } from './database/transaction.ts'
import { RowgraftError } from './errors.ts'
import { defaultRunOptions, type RunOptions } from './run/run.ts'
import { type ScriptSink, writeScript } from './script/script.ts'
import { plannedBackup, refuseOpen, type StartRunInput } from './start-run.ts'

export interface StartScriptInput extends Omit<StartRunInput, 'options' | 'folder'> {
  readonly options: Partial<RunOptions>
  readonly sink: ScriptSink
}

/** Writes the script of a plan that is settled. Throws `decision-needed` for open conflicts, `usage` for an undo. */
export const startScript = async (input: StartScriptInput): Promise<void> => {
  const { pair, plan, opened, sink } = input
  refuseOpen(plan)
  if (plan.undoes !== null) {
    throw new RowgraftError('usage', 'an undo cannot be written as a script', {
      hint: 'Its rows are in the journal of the run: use "rowgraft undo".',
    })
  }
  const { backup, catalog } = plannedBackup(input)
  await withReadTransaction(pair.live.session, (live) =>
    withReadTransaction(backup.session, (reader) =>
      writeScript({
        live,
        backup: { reader, catalog },
        plan,
        options: { ...defaultRunOptions, ...input.options },
        identity: pair.live.identity,
        source: backup.label,
        sink,
        onProgress: (event) => opened.onProgress?.({ kind: 'run', ...event }),
      }),
    ),
  )
}
