/** The rows of a journal: images before the writes, digests and key changes after them, straight from the server as COPY text. */

import { sql } from 'kysely'
import { fromTable } from '../catalog/row.ts'
import { isAllKey } from '../catalog/spelling.ts'
import { column, list, literal, type Query } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { keptDigest, storedColumns } from '../probe/measure.ts'
import { writeStream } from './journal.ts'
import type { JournalWriter } from './journal-file.ts'
import { keyNames } from './key-list.ts'
import { inRange, type Layout, mayChangeKeys, ordinalColumn, ordinalOf, type StagedTable } from './layout.ts'
import { liveIdentity, onLiveIdentity } from './live-identity.ts'
import type { Report } from './run.ts'
import { writtenColumns } from './written-rows.ts'

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

/** Every written row, and the report. */
export const writeOutcome = async (
  journal: JournalWriter,
  writer: Writer,
  layout: Layout,
  report: Report,
): Promise<void> => {
  for (const staged of layout.tables.values()) {
    for (const action of ['insert', 'update'] as const) await writeWritten(journal, writer, layout, { staged, action })
  }
  await journal.write('REPORT', JSON.stringify(report))
}

const writeWritten = async (
  journal: JournalWriter,
  writer: Writer,
  layout: Layout,
  { staged, action }: { readonly staged: StagedTable; readonly action: 'insert' | 'update' },
): Promise<void> => {
  const ranges = staged.steps.filter(({ step }) => step.action === action).map(({ range }) => range)
  if (ranges.length === 0) return
  const { table } = staged
  const { identity } = table
  const live = liveIdentity(layout, staged)
  const changesKeys = mayChangeKeys(staged)
  const names = changesKeys && keyNames(staged).join('\0') !== identity.join('\0') ? keyNames(staged) : []
  // Verified rows that are nothing but their key: live need not be read again to tell it.
  const isKnown = action === 'insert' && names.length === 0 && isAllKey(table.live, identity)
  const joinLive = isKnown ? sql`` : sql`join ${fromTable(table.live)} as t on ${onLiveIdentity(layout, staged, 't')}`
  const inLive = (name: string): Query => (isKnown ? sql`(${live.of(name)})` : column('t', name))
  const values = [
    literal(action),
    ...identity.map(inLive),
    keptDigest('t', table.live, identity),
    ...(changesKeys ? identity.map((name) => column('s', name)) : []),
    ...names.map((name) => column('s', name)),
    ...names.map(inLive),
  ]
  const rows = await writer.copyOut(sql`
    copy (
      select ${list(values)}
      from ${staged.stage} as s ${live.joins} ${joinLive}
      where ${list(
        ranges.map((range) => inRange('s', range)),
        ' or ',
      )}
      order by ${ordinalOf('s')}
    ) to stdout`)
  await writeStream(
    journal,
    { kind: 'written', table: table.id, columns: writtenColumns({ identity, changesKeys, names }) },
    rows,
  )
}
