/** What became of the rows that were asked for, in a sentence per table. */
import type { Coverage } from '../../selection/coverage.ts'
import { indent } from '../layout.ts'
import { firstOf, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { sanitise } from '../sanitise.ts'

const keysOf = (coverage: Coverage, state: Coverage['rows'][number]['state']): string => {
  const keys = coverage.rows.filter((row) => row.state === state).map(({ key }) => sanitise(key))
  return keys.length === 0 ? '' : ` (${firstOf(keys)})`
}

const counts = (coverage: Coverage): readonly (readonly [count: number, what: string])[] => [
  [coverage.missing, 'missing'],
  [coverage.damaged, 'still damaged'],
  [coverage.editedSince, 'edited since'],
  [
    coverage.alreadyRight,
    coverage.action === 'update' ? "with the backup's values" : `unchanged${keysOf(coverage, 'unchanged')}`,
  ],
  [coverage.changed, `there with other values${keysOf(coverage, 'changed')}`],
  [coverage.restored, `restored already${keysOf(coverage, 'restored')}`],
  [coverage.notInBackup, `not in the backup${keysOf(coverage, 'not in the backup')}`],
]

const subject = ({ source, action, table, hits }: Coverage): string => {
  const name = formatTable(table)
  if (source === '--incident') return `The incident left ${plural(hits, 'row')} of ${name} with other values`
  if (action === null) return `The file lists ${plural(hits, 'key')} of ${name}`
  const verb = action.toUpperCase()
  return hits === 0
    ? `The ${verb} hits no row of ${name} in the backup`
    : `The ${verb} hits ${plural(hits, 'row')} of ${name} in the backup`
}

const sentence = (coverage: Coverage): string => {
  const told = counts(coverage).filter(([count]) => count > 0)
  const words = told.map(([count, what]) => `${formatCount(count)} ${what}`).join(', ')
  return words === '' ? `${subject(coverage)}.` : `${subject(coverage)}: ${words}.`
}

/** One sentence per statement or file and table; none where rows were not asked for that way. */
export const formatCoverage = (of: { readonly coverage: readonly Coverage[] }, width: number): readonly string[] =>
  of.coverage.flatMap((coverage) => indent(sentence(coverage), { width, by: 2, hanging: 2 }))
