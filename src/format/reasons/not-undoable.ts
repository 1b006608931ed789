/** Why inserted rows of a table could not be undone as live is, in words. */
import type { Plan } from '../../plan/plan.ts'

/** The sentence that stands there, in a plan of before. */
export const whyNotUndoable = ({ publication, why = '' }: Plan['notUndoable'][number]): string =>
  publication === undefined
    ? why
    : `publication "${publication}" publishes deletes of it, and it has no replica identity`
