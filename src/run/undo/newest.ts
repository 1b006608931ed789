/** The run that is meant where none is named: an undo is not, so that one undo after the other takes back one run after the other. */
import type { JournalHead } from '../journal/journal-head.ts'
import { findRun } from '../journal/runs.ts'

/** The runs among which the one to be undone is looked for. An undo that holds is among them only where one is named. */
export const undoable = (heads: readonly JournalHead[], name: string | undefined): readonly JournalHead[] => {
  if (name !== undefined) return heads
  const { run, plan } = findRun(heads, name)
  const { undoes } = plan
  return undoes === null
    ? heads
    : undoable(
        heads.filter((head) => ![run.run, undoes].includes(head.run.run)),
        name,
      )
}
