/** The command that takes back what a report tells of. Pure. */
import type { Report } from '../../index.ts'

/** Without a run's id where it took several: all parts of the plan are meant. */
export const undoCommand = ({ run, runs }: Report): string =>
  runs.length === 1 ? `rowgraft undo ${run}` : 'rowgraft undo'
