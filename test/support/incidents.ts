import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, type Incident, type IncidentReport, open, type Rowgraft } from '../../src/index.ts'
import { type DatabasePair, type DatabaseSql, withDatabases } from './databases.ts'

/** Runs `work` with both sides open. */
export const withRowgraft = async <Result>(
  { live, backup }: DatabasePair,
  work: (rowgraft: Rowgraft) => Promise<Result>,
  config?: Config,
): Promise<Result> => {
  const journal = await mkdtemp(join(tmpdir(), 'rowgraft-journal-'))
  const rowgraft = await open({ live, backup, journal, ...(config === undefined ? {} : { config }) })
  try {
    return await work(rowgraft)
  } finally {
    await rowgraft.close()
    await rm(journal, { recursive: true, force: true })
  }
}

/** The incidents between what the SQL says of both sides. */
export const readIncidents = (sql: DatabaseSql, config?: Config): Promise<IncidentReport> =>
  withDatabases(sql, (pair) => withRowgraft(pair, (rowgraft) => rowgraft.incidents(), config))

const countOf = ({ rows, marked = 0 }: Incident['tables'][number]): string => {
  if (marked === 0) return `${rows}`
  return marked === rows ? `${rows} marked` : `${rows} with ${marked} marked`
}

/** Incidents one per line: what is called what, how many rows, per table, and the condition with its hit rate. */
export const describeIncidents = ({ incidents }: IncidentReport): readonly string[] =>
  incidents.map(({ label, rows, tables, condition }) => {
    const own = tables.map((each) => `${each.table.replace('public.', '')} ${countOf(each)}`).join(', ')
    const rate = condition === null ? '' : ` | ${condition.sql}: ${condition.hits} of ${condition.of}`
    return `${label}: ${rows} (${own})${rate}${condition?.isOnly ? ', no others' : ''}`
  })
