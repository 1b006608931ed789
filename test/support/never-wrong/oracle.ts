/** Compares what a run left in live with the records of the backup: every reference, every value, every row nobody asked for. Pure. */
import type { Plan, Report } from '../../../src/index.ts'
import type { TextRow } from '../queries.ts'
import type { Fault } from './faults.ts'
import { type IsSettled, type Likeness, likenessOf, type Scene } from './records.ts'
import { pack } from './rows.ts'
import { isAnswered, isNamedAttached, isNamedDifferent, isSaidRestored, readWritten, type Written } from './said.ts'
import type { Reference, Table } from './schema.ts'
import { differing, keyIn, type Side } from './sides.ts'

export interface Outcome extends Scene {
  readonly after: Side
  readonly plan: Plan
  readonly report: Report
  /** Columns of selected rows that were asked back whatever live has in them. */
  readonly columns: readonly string[] | null
}

type Found = readonly Fault[]

const show = (key: string): string => key.replaceAll('\0', ',')

const fault = (kind: string, table: Table, key: string, rest: string): Fault => ({
  kind,
  detail: `${table.id} ${show(key)}: ${rest}`,
})

const shape = (table: Table, reference: Reference): string => {
  const self = reference.to === table.position ? ', through a self-reference' : ''
  return `${self}${reference.columns.length > 1 ? ', by a composite key' : ''}`
}

const isSameRecord = (likeness: Likeness): boolean => likeness === 'same record' || likeness === 'equal'

/** One reference of a row that was written: `now` must be the record that `row` refers to. */
const checkReference = (
  outcome: Outcome,
  written: Written,
  { table, reference, key, row, now }: { table: Table; reference: Reference; key: string; row: TextRow; now: TextRow },
): Found => {
  const parent = outcome.tables[reference.to]
  const [wanted, got] = [keyIn(row, reference.columns), keyIn(now, reference.columns)]
  if (parent === undefined || (wanted === null && got === null)) return []
  const told = `${reference.columns.join(',')} was ${wanted ?? 'null'}, is ${got ?? 'null'}`
  if (wanted === null) return [fault('a reference that the backup has not', table, key, told)]
  if (got === null) {
    const isEmptied = reference.columns.some((name) => written.emptied.has(`${table.position} ${key} ${name}`))
    return isEmptied ? [] : [fault('a reference lost', table, key, told)]
  }
  const [before, here] = [pack(wanted), pack(got)]
  const inserted = written.inserted[parent.position]?.get(before)
  if (inserted !== undefined) {
    return inserted === here ? [] : [fault('a reference beside the parent that came back', table, key, told)]
  }
  const { plan } = outcome
  // Whoever gives columns of a row back has said that it is the record.
  const isGivenBack: IsSettled = (of, key) =>
    outcome.columns !== null &&
    written.updated.some((row) => row.table === of && row.key === key && row.because === 'selected')
  const isAsked: IsSettled = (...of) => isAnswered(plan, ...of) || isSaidRestored(plan, ...of) || isGivenBack(...of)
  if (isAsked(parent, before)) return []
  if (before !== here) return [fault('a reference to another key, unasked', table, key, told)]
  const likeness = likenessOf(outcome, parent, before, isAsked)
  if (isSameRecord(likeness)) return []
  const isSaid: IsSettled = (...of) => isAsked(...of) || isNamedAttached(plan, ...of)
  const named = isSameRecord(likenessOf(outcome, parent, before, isSaid))
  const [theirs, ours] = [outcome.backup, outcome.live].map((side) =>
    JSON.stringify(side[parent.position]?.get(before)),
  )
  const images = `${told}, where the backup has ${theirs} and live ${ours}`
  if (likeness === 'plain') {
    const how = named ? 'named as clear' : 'in silence'
    return [fault(`attached to a plain stranger, ${how}${shape(table, reference)}`, table, key, images)]
  }
  return named ? [] : [fault(`attached to a faint stranger in silence${shape(table, reference)}`, table, key, images)]
}

/** How many rows there are that a counter counts. */
export const trueCount = (tables: readonly Table[], side: Side, counted: number, key: string): number => {
  const [reference] = tables[counted]?.references ?? []
  const rows = [...(side[counted]?.values() ?? [])]
  return rows.filter((row) => pack(keyIn(row, reference?.columns ?? []) ?? ['']) === key).length
}

const checkCounter = (outcome: Outcome, table: Table, key: string, liveKey: string): Found =>
  table.counters.flatMap(({ column, counted }) => {
    const row = outcome.backup[table.position]?.get(key)
    const now = outcome.after[table.position]?.get(liveKey)
    if (now === undefined || row?.[column] === now[column]) return []
    const truly = trueCount(outcome.tables, outcome.after, counted, liveKey)
    const told = `${column} was ${row?.[column]}, is ${now[column]}, of ${truly} rows in live`
    if (now[column] !== String(truly)) return [fault('a counter that is wrong', table, key, told)]
    const isNamed = isNamedDifferent(outcome.report, table, column)
    return isNamed ? [] : [fault('a counter that differs and is not named', table, key, told)]
  })

/** Columns that are no reference, no part of the key and no counter. */
const plainColumns = (table: Table): readonly string[] => [
  ...table.values.map(({ name }) => name),
  ...(table.isTouched ? ['touched'] : []),
]

const checkInserted = (outcome: Outcome, written: Written): Found =>
  outcome.tables.flatMap((table) =>
    [...(written.inserted[table.position] ?? [])].flatMap(([key, liveKey]): Found => {
      const row = outcome.backup[table.position]?.get(key)
      const now = outcome.after[table.position]?.get(liveKey)
      if (row === undefined) return [fault('a row that the backup has not', table, key, 'it was inserted')]
      if (now === undefined) return [fault('a row said to be back that is not there', table, key, show(liveKey))]
      if (outcome.live[table.position]?.has(liveKey))
        return [fault('a row in the place of another', table, key, show(liveKey))]
      const different = plainColumns(table).filter(
        (name) => row[name] !== now[name] && !isNamedDifferent(outcome.report, table, name),
      )
      return [
        ...different.map((name) =>
          fault('a value that differs and is not named', table, key, `${name} was ${row[name]}, is ${now[name]}`),
        ),
        ...checkCounter(outcome, table, key, liveKey),
        ...table.references.flatMap((reference) =>
          checkReference(outcome, written, { table, reference, key, row, now }),
        ),
      ]
    }),
  )

const checkUpdated = (outcome: Outcome, written: Written): Found =>
  written.updated.flatMap(({ table, key, liveKey, columns, because }): Found => {
    const row = outcome.backup[table.position]?.get(key)
    const before = outcome.live[table.position]?.get(liveKey)
    const now = outcome.after[table.position]?.get(liveKey)
    if (row === undefined || now === undefined || before === undefined) {
      return [fault('an update of a row that is not there', table, key, show(liveKey))]
    }
    const isRelinked = because === 'survivor' && outcome.plan.options.relink === 'all'
    const isAskedFor = isRelinked || (outcome.columns !== null && because === 'selected')
    const isOwn = isAskedFor || isAnswered(outcome.plan, table, key) || isNamedAttached(outcome.plan, table, key)
    // Emptied together with others, it referred to what was deleted, whoever it is.
    const together = written.updated.filter(
      (other) =>
        other.table === table &&
        other.because === 'survivor' &&
        other.columns.join() === columns.join() &&
        likenessOf(outcome, table, other.key) !== 'plain',
    )
    const isTogether = because === 'survivor' && together.length >= 2
    const stranger = likenessOf(outcome, table, key) === 'plain' && !isOwn && !isTogether
    const told = `${because}: ${columns.join(', ')}; live had ${JSON.stringify(before)}, the backup ${JSON.stringify(row)}`
    const values = plainColumns(table).filter(
      (name) => columns.includes(name) && row[name] !== now[name] && !isNamedDifferent(outcome.report, table, name),
    )
    const others = differing(before, now).filter(
      (name) => !columns.includes(name) && !isNamedDifferent(outcome.report, table, name),
    )
    return [
      ...(stranger ? [fault(`a plain stranger was written to: ${because}`, table, key, told)] : []),
      ...values.map((name) => fault('an updated value that is not the backup’s', table, key, name)),
      ...others.map((name) => fault('a column written that the plan does not name', table, key, `${name}; ${told}`)),
      ...table.references
        .filter((reference) => reference.columns.some((name) => columns.includes(name)))
        .flatMap((reference) => checkReference(outcome, written, { table, reference, key, row, now })),
    ]
  })

/** Rows that the plan says nothing of: only triggers may have written to them, and only what triggers write. */
const checkOthers = (outcome: Outcome, written: Written): Found =>
  outcome.tables.flatMap((table) => {
    const planned = new Set([
      ...(written.inserted[table.position]?.values() ?? []),
      ...written.updated.filter((row) => row.table === table).map(({ liveKey }) => liveKey),
    ])
    const [before, after] = [outcome.live[table.position], outcome.after[table.position]]
    const isFilled = table.madeFor !== null
    const isOff = outcome.plan.options.triggers === 'off'
    const gone = [...(before?.keys() ?? [])].filter((key) => !after?.has(key))
    const kept = new Set([...(table.isTouched ? ['touched'] : []), ...table.counters.map(({ column }) => column)])
    return [
      ...gone.map((key) => fault('a row of live that is gone', table, key, 'it was there before')),
      ...[...(after ?? [])].flatMap(([key, now]): Found => {
        if (planned.has(key)) return []
        const old = before?.get(key)
        if (old === undefined) {
          return isFilled ? [] : [fault('a row that the plan does not name', table, key, JSON.stringify(now))]
        }
        const changed = differing(old, now).filter((name) => !kept.has(name))
        return [
          ...changed.map((name) => fault('a change that the plan does not name', table, key, name)),
          ...table.counters.flatMap(({ column, counted }): Found => {
            const counts = [outcome.live, outcome.after].map((side) => trueCount(outcome.tables, side, counted, key))
            const wanted = Number(old[column]) + (counts[1] ?? 0) - (counts[0] ?? 0)
            const told = `${column} was ${old[column]} of ${counts[0]}, is ${now[column]} of ${counts[1]}`
            return isOff || String(wanted) === now[column]
              ? []
              : [fault('a counter of live that is off', table, key, told)]
          }),
        ]
      }),
    ]
  })

/** The report counts what it inserted. */
const checkReport = ({ tables, report }: Outcome, written: Written): Found =>
  tables.flatMap((table) => {
    const said = report.tables.find((row) => row.table === table.id)?.inserted ?? 0
    const inserted = written.inserted[table.position]?.size ?? 0
    return said === inserted
      ? []
      : [fault('a report that counts wrongly', table, '', `${said} of ${inserted} inserted`)]
  })

/** All that is wrong with a run that was committed. */
export const examine = (outcome: Outcome): Found => {
  const written = readWritten(outcome)
  return [
    ...checkInserted(outcome, written),
    ...checkUpdated(outcome, written),
    ...checkOthers(outcome, written),
    ...checkReport(outcome, written),
  ]
}
