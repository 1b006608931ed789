/** What a script says of itself, for whoever reads it before running it. */
import { isEmpty, type Plan } from '../../plan/plan.ts'
import type { Step } from '../../plan/step.ts'
import { comment } from './text.ts'

const firstLine = 'rowgraft script: rows of a backup, back into live'

/** True for a file that begins as a script does. */
export const isScript = (text: string): boolean => text.startsWith(comment([firstLine]))

const count = (steps: readonly Step[]): number => steps.reduce((sum, { rows }) => sum + rows, 0)

const rowsOf = (plan: Plan): readonly string[] =>
  [...Map.groupBy(plan.steps, ({ table, action }) => `${action} ${table}`)].map(([what, steps]) => {
    const updated = what.startsWith('update ')
      ? ` (${[...new Set(steps.flatMap(({ columns }) => columns))].join(', ')})`
      : ''
    return `  ${what}: ${count(steps)} ${count(steps) === 1 ? 'row' : 'rows'}${updated}`
  })

const shellName = (name: string): string => (/^[\w.-]+$/.test(name) ? name : '<database>')

/** The comment at the top. */
export const header = (plan: Plan, source: string): string =>
  comment([
    firstLine,
    '',
    `Live:    database "${plan.live.database}"`,
    `Backup:  ${source}`,
    `Plan:    sha256 ${plan.hash}, made ${plan.made}`,
    '',
    ...(isEmpty(plan)
      ? ['There is nothing to restore: this script does nothing.']
      : [
          'What it does, in one transaction:',
          ...rowsOf(plan),
          '',
          'Run it with psql 14 or newer:',
          '',
          `  psql -X -v ON_ERROR_STOP=1 -d ${shellName(plan.live.database)} -f <this file>`,
          '',
          'That does and verifies everything, and rolls back. Add -v commit=1 to keep it. It stops with an error, and nothing',
          'is changed, when a table was altered, a row it relies on was changed, or a key it needs was taken meanwhile.',
          'Sequences it raised stay raised. It writes no journal: "rowgraft undo" cannot take it back.',
          ...(plan.options.triggers === 'off'
            ? ['Triggers are switched off, which takes the right to set session_replication_role.']
            : []),
        ]),
  ])
