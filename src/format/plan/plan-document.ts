/** Plans as documents: their facts, and beside them the sentences for whoever reads the file. */
import type { Conflict } from '../../plan/conflicts.ts'
import type { StaysOut, StaysOutReason } from '../../plan/left-out.ts'
import type { Plan } from '../../plan/plan.ts'
import { whyAlsoMissing } from '../reasons/also-missing.ts'
import { wordAnswer, wordConflict, wordInTheWay } from '../reasons/conflict.ts'
import { commandBack } from '../reasons/elsewhere.ts'
import { wordHelp } from '../reasons/help.ts'
import { whyLeftOut } from '../reasons/left-out.ts'
import { whyNotUndoable } from '../reasons/not-undoable.ts'
import { wordNote } from '../reasons/note.ts'
import { wordRefusal } from '../reasons/refusal.ts'

const conflictDocument = (conflict: Conflict): object => {
  const { id, kind, table, key, constraint, columns, values, live, text, answers, helps, ...facts } = conflict
  return {
    ...{ id, kind, table, key, constraint, columns, values, live },
    text: text ?? wordConflict(conflict),
    answers: answers.map(({ answer, does }) => ({ answer, does: does ?? wordAnswer(conflict, answer) })),
    ...(helps === undefined ? {} : { helps: helps.map((help) => ({ ...wordHelp(table, help), ...help })) }),
    ...facts,
  }
}

/** With the sentence of what the reason is made of. */
const reasonDocument = (reason: StaysOutReason): object => {
  switch (reason.kind) {
    case 'skipped':
      return reason.inTheWay === undefined ? reason : { ...reason, said: wordInTheWay(reason.inTheWay) }
    case 'end hidden':
      return reason.because === undefined ? reason : { ...reason, hidden: wordRefusal(reason.because) }
    case 'cannot be compared':
    case 'cannot be restored':
      return reason.because === undefined ? reason : { ...reason, refusal: wordRefusal(reason.because) }
    default:
      return reason
  }
}

/** A row that stays out, as plans and reports have it. */
export const leftOutDocument = (row: StaysOut): object => {
  const { table, key, reason, why, ...others } = row
  const given = reason === undefined ? {} : { reason: reasonDocument(reason) }
  return { table, key, ...given, why: why ?? whyLeftOut(row), ...others }
}

/** The document that `parsePlan` reads: sentences are added, which a plan of before has already. */
export const planDocument = ({ notes, answers, answered, hash, ...plan }: Plan): Readonly<Record<string, unknown>> => ({
  ...plan,
  conflicts: plan.conflicts.map(conflictDocument),
  leftOut: plan.leftOut.map(leftOutDocument),
  alsoMissing: plan.alsoMissing.map((rows) => ({ ...rows, why: rows.why ?? whyAlsoMissing(rows, plan.options) })),
  ...(plan.elsewhere === undefined
    ? {}
    : { elsewhere: plan.elsewhere.map((own) => ({ ...own, command: commandBack(own.table, own.givesBack) })) }),
  notUndoable: plan.notUndoable.map((own) => ({ ...own, why: own.why ?? whyNotUndoable(own) })),
  hints: plan.hints ?? notes?.map(wordNote) ?? [],
  ...(notes === undefined ? {} : { notes }),
  answers,
  answered,
  hash,
})
