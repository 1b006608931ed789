/**
 * From a plan to what can be reviewed of it: its script, its rows with their values, and how a row came to be in it.
 *
 * In come a settled plan and both sides, which are only read; out go text and rows. It imports from any room up to `run/`.
 */
import { beginRead, withReadTransaction } from '../database/transaction.ts'
import { RowgraftError } from '../errors.ts'
import type { ChainLink } from '../plan/chain.ts'
import { defaultRunOptions, type RunOptions, runProgress } from '../run/run.ts'
import { plannedBackup, refuseOpen, refuseTransformed, type StartRunInput } from '../run/start/settle.ts'
import { type PlannedRow, readPlannedRows } from './planned-rows.ts'
import { writeScript } from './script/script.ts'
import type { ScriptSink } from './script/script-writer.ts'
import { traceChain } from './traced-chain.ts'

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
  const { backup, ...source } = plannedBackup(input)
  await withReadTransaction(pair.live.session, (live) =>
    withReadTransaction(backup.session, (reader) =>
      writeScript({
        live,
        backup: { reader, ...source },
        plan,
        options: { ...defaultRunOptions, ...input.options },
        identity: pair.live.identity,
        source: backup.label,
        sink,
        onProgress: runProgress(opened.onProgress),
      }),
    ),
  )
}

/** Reads the rows of a plan that is settled with their values, in one snapshot of the backup. */
export async function* startPlanned(
  input: Pick<StartRunInput, 'pair' | 'catalog' | 'opened' | 'plan'>,
): AsyncGenerator<PlannedRow> {
  refuseTransformed(input.plan, '--values')
  const { backup, catalog } = plannedBackup(input)
  try {
    const reader = await beginRead(backup.session)
    yield* readPlannedRows(reader, { live: input.pair.live.catalog, backup: catalog }, input.plan)
  } finally {
    await backup.session.rollback()
  }
}

/** Follows a row of a plan back to a selected one, in one snapshot of the backup. */
export const startTrace = async (
  input: Pick<StartRunInput, 'pair' | 'catalog' | 'opened' | 'plan'>,
  row: { readonly table: string; readonly key: string; readonly shown: string },
): Promise<readonly ChainLink[]> => {
  const { backup, catalog } = plannedBackup(input)
  return withReadTransaction(backup.session, (reader) =>
    traceChain(reader, { plan: input.plan, live: input.pair.live.catalog, backup: catalog }, row),
  )
}
