/** Rows that live does not take, or takes otherwise than it was told to: whose doing that is, and what helps. */
import type { Check } from '../../database/session/check.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import type { PlanTrigger, Step } from '../../plan/step.ts'
import { takenKey } from '../keys/taken.ts'
import type { Layout, StagedTable } from '../stage/staged.ts'

/** Triggers by name: those of the table bare, others with theirs. */
const named = (triggers: readonly PlanTrigger[], own: string): string =>
  triggers.map(({ table, name }) => (table === own ? name : `${table}.${name}`)).join(', ')

/** The triggers of a table that this action fires. */
const triggersOf = ({ triggers }: Layout, { table }: StagedTable, action: Step['action']): readonly PlanTrigger[] =>
  triggers.filter((trigger) => trigger.table === table.id && trigger.events.includes(action))

/** Triggers of the run that may have changed rows of a table: its own, else anybody's. Empty where none fires. */
export const suspects = (layout: Layout, staged: StagedTable, action: Step['action']): string => {
  const own = triggersOf(layout, staged, action)
  return named(own.length > 0 ? own : layout.triggers, staged.table.id)
}

const did: Readonly<Record<Step['action'], string>> = { insert: 'took', update: 'updated', delete: 'deleted' }

/** A statement writes all the rows it is to write; one that writes several tables returns a count for each. */
export const writesAll = (
  layout: Layout,
  action: Step['action'],
  wanted: readonly (readonly [StagedTable, rows: number])[],
): Omit<Check, 'query'> => {
  const [only] = wanted.length === 1 ? wanted : []
  const triggers = [
    ...new Set(wanted.map(([staged]) => named(triggersOf(layout, staged, action), only?.[0].table.id ?? ''))),
  ].filter((names) => names !== '')
  return {
    expect: only === undefined ? { row: wanted.map(([, rows]) => String(rows)) } : { written: only[1] },
    code: 'rolled-back',
    message: ({ count, row }) => {
      const counts = wanted.map(
        ([{ table }, rows], p) => `${only === undefined ? row[p] : count} of ${rows} rows of "${table.id}"`,
      )
      return `live ${did[action]} ${counts.join(', ')}`
    },
    ...(triggers.length === 0
      ? { detail: 'The others are gone.', advice: 'Make the plan again.' }
      : {
          detail: `A trigger swallowed the others (${triggers.join(', ')}), or they are gone.`,
          advice: 'Leave the rows out, or switch triggers off with --triggers off.',
        }),
  }
}

const noParent =
  'A row refers to what live does not have: leave it out. If live has changed since the plan was made, make it again.'

const collides =
  'Two rows want the same place: leave one of them out, or give it another value with --set or a transform. If live has changed since the plan was made, make it again.'

/** What helps against a value or a row that live does not take, by SQLSTATE. */
const hints: Readonly<Record<string, string>> = {
  '22001': 'Widen the column, or leave the rows out.',
  '22003': 'Widen the column, or leave the rows out.',
  '23502': "Live's column does not take NULL; leave the row out, or change the column.",
  '23503': noParent,
  '23505': collides,
  '23514': "Live's check does not allow the row; leave it out, or change the check.",
  '23P01': collides,
}

/** What goes on without what a function of live's wants. An undo leaves no row out. */
export const otherWays = ({ tables, triggers }: Layout): string => {
  const isUndo = [...tables.values()].some(({ steps }) => steps.some(({ step }) => step.because === 'undo'))
  const without = isUndo ? [] : ['leave the row out']
  const ways = triggers.length === 0 ? without : [...without, 'switch triggers off with --triggers off']
  return ways.length === 0 ? 'undo by hand' : ways.join(', or ')
}

/** What helps against whatever a function of live's raised. */
export const hintForRaised = (layout: Layout): string =>
  `A ${layout.triggers.length === 0 ? "function of live's" : 'trigger'} raised this; ${otherWays(layout)}.`

/** A function's own statement or RAISE is the one that failed; deadlocks, timeouts and full disks have hints of their own. */
export const isOfFunction = ({ sqlstate = '', context = '' }: RowgraftError): boolean =>
  sqlstate.startsWith('P0') || (/^(PL\/|SQL function )/m.test(context) && !/^(40|5[3578])/.test(sqlstate))

const hintFor = (error: RowgraftError, layout: Layout): string => {
  const { sqlstate = '', constraint } = error
  if (isOfFunction(error)) return hintForRaised(layout)
  // A row that falls into no partition is refused with the code of a check, and without the name of one.
  if (sqlstate === '23514' && constraint === undefined) {
    return 'Create the partition first, or leave the row out.'
  }
  return hints[sqlstate] ?? "Live's column does not take the value; leave the row out."
}

/** Runs a statement that writes rows; what the server has against a value or a row is said with the tables. */
export const write = async (
  writer: Writer,
  layout: Layout,
  { tables, check }: { readonly tables: readonly StagedTable[]; readonly check: Check },
): Promise<void> => {
  try {
    await writer.check(check)
  } catch (error) {
    if (!(error instanceof RowgraftError) || error.code !== 'server-error') throw error
    const taken = layout.triggers.length === 0 ? takenKey(tables, error) : null
    if (taken !== null) throw taken
    const isRefused = /^(22|23|44|P0)/.test(error.sqlstate ?? '') || isOfFunction(error)
    if (!isRefused) throw error
    const names = tables.map(({ table }) => `"${table.id}"`).join(' or ')
    throw new RowgraftError(error.code, `live refused rows of ${names}: ${error.message}`, {
      detail: error.detail,
      advice: `${hintFor(error, layout)}`,
      sqlstate: error.sqlstate,
      table: error.table,
      context: error.context,
      routine: error.routine,
      cause: error.cause,
    })
  }
}
