/** The rows of a journal: images before the writes, digests and key changes after them, straight from the server as COPY text. */

import { sql } from 'kysely'
import { fromTable } from '../catalog/row.ts'
import { isAllKey } from '../catalog/spelling.ts'
import { column, list, literal, type Query } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { keptDigest, storedColumns } from '../probe/measure.ts'
import { writeStream } from './journal.ts'
import type { JournalWriter } from './journal-file.ts'
import { writeKeyList } from './key-list.ts'
import { inRange, type Layout, ordinalColumn, type StagedTable } from './layout.ts'
import { liveIdentity, onLiveIdentity } from './live-identity.ts'
import type { Report } from './run.ts'

/** Images of every row about to be updated or deleted, in the order of their ordinals. */
export const writeImages = async (journal: JournalWriter, writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) {
    for (const [action, kind] of [
      ['update', 'updated'],
      ['delete', 'deleted'],
    ] as const) {
      const ranges = staged.steps.filter(({ step }) => step.action === action).map(({ range }) => range)
      if (ranges.length === 0) continue
      const columns = storedColumns(staged.table.live)
      const rows = await writer.copyOut(sql`
        copy (
          select ${list(columns.map((name) => column('b', name)))}
          from ${staged.before} as b
          where ${list(
            ranges.map((range) => inRange('b', range)),
            ' or ',
          )}
          order by ${column('b', ordinalColumn)}
        ) to stdout`)
      await writeStream(journal, { kind, table: staged.table.id, columns }, rows)
    }
  }
}

/** Digests of every written row, every changed key, twice: for us and for people; and the report. */
export const writeOutcome = async (
  journal: JournalWriter,
  writer: Writer,
  layout: Layout,
  report: Report,
): Promise<void> => {
  for (const staged of layout.tables.values()) {
    for (const action of ['insert', 'update'] as const) await writeDigests(journal, writer, staged, action)
    if (staged.hasMap) await writeKeys(journal, writer, staged)
  }
  await writeKeyList(journal, writer, layout)
  await journal.write('REPORT', JSON.stringify(report))
}

const identityOf = (staged: StagedTable, alias: string): Query =>
  list(staged.table.identity.map((name) => sql`${column(alias, name)}::text`))

const writeDigests = async (
  journal: JournalWriter,
  writer: Writer,
  staged: StagedTable,
  action: 'insert' | 'update',
): Promise<void> => {
  const ranges = staged.steps.filter(({ step }) => step.action === action).map(({ range }) => range)
  if (ranges.length === 0) return
  const { table } = staged
  const live = liveIdentity(staged)
  // Verified rows that are nothing but their key: live need not be read again to tell it.
  const isKnown = action === 'insert' && isAllKey(table.live, table.identity)
  const identity = isKnown ? list(table.identity.map((name) => sql`(${live.of(name)})::text`)) : identityOf(staged, 't')
  const joinLive = isKnown ? sql`` : sql`join ${fromTable(table.live)} as t on ${onLiveIdentity(staged, 't')}`
  const rows = await writer.copyOut(sql`
    copy (
      select ${literal(action)}, ${identity}, ${keptDigest('t', table.live, table.identity)}
      from ${staged.stage} as s ${live.joins} ${joinLive}
      where ${list(
        ranges.map((range) => inRange('s', range)),
        ' or ',
      )}
      order by ${column('s', ordinalColumn)}
    ) to stdout`)
  await writeStream(
    journal,
    { kind: 'written', table: table.id, columns: ['action', ...table.identity, 'digest'] },
    rows,
  )
}

const writeKeys = async (journal: JournalWriter, writer: Writer, staged: StagedTable): Promise<void> => {
  const { table } = staged
  const live = liveIdentity(staged)
  const written = staged.steps.map(({ range }) => inRange('s', range))
  if (written.length === 0) return
  const differs = table.identity.map((name) => sql`${live.of(name)} is distinct from ${column('s', name)}`)
  const rows = await writer.copyOut(sql`
    copy (
      select ${identityOf(staged, 's')}, ${list(table.identity.map((name) => sql`(${live.of(name)})::text`))}
      from ${staged.stage} as s ${live.joins}
      where (${list(written, ' or ')}) and (${list(differs, ' or ')})
      order by ${column('s', ordinalColumn)}
    ) to stdout`)
  await writeStream(journal, { kind: 'keys', table: table.id, columns: [...table.identity, ...table.identity] }, rows)
}
