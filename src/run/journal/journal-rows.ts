/** The rows of a journal: images before the writes, digests and key changes after them, straight from the server as COPY text. */
import { sql } from 'kysely'
import { any, column, list, literal, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { isSameNames } from '../../keys/key.ts'
import { keptDigest, storedColumns } from '../../sql/images.ts'
import { batchSize, fromTable } from '../../sql/rows.ts'
import { keyNames } from '../keys/changed-keys.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import type { Report } from '../run.ts'
import {
  inRange,
  inserted,
  type Layout,
  mayChangeKeys,
  type OrdinalRange,
  ordinalColumn,
  ordinalOf,
  type StagedTable,
} from '../stage/staged.ts'
import { mapsOf } from '../verify/same-values.ts'
import type { Witness } from '../verify/verify.ts'
import { tellsWriters } from '../write/row-writers.ts'
import { type OpenJournal, writeStream } from './journal.ts'
import type { JournalWriter } from './journal-file.ts'
import type { Stream } from './journal-shape.ts'
import { differs, type KeyChanges, LineWitness } from './line-witness.ts'
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
      await writeStream(journal, { kind, table: staged.table.id, columns }, { rows })
    }
  }
}

/** Inserted rows come in the order of their ordinals, unless there are more: nobody need wait until all of them are sorted. */
const mostOrdered = 100_000

/** The rows of one run, for its journal. */
export class RunRecords {
  /** What became of the keys of inserted rows, by table, once they are witnessed. */
  readonly changed = new Map<string, KeyChanges>()
  readonly #journal: OpenJournal
  readonly #writer: Writer
  readonly #layout: Layout

  constructor(journal: OpenJournal, writer: Writer, layout: Layout) {
    this.#journal = journal
    this.#writer = writer
    this.#layout = layout
  }

  /** Writes the inserted rows of a table, and looks at them on their way: live is read once. */
  readonly witness: Witness = async (staged, same, onRows) => {
    const { writer, keyList } = this.#journal
    const stream = writtenStream(staged)
    const range = inserted(staged)
    const witness = new LineWitness(stream, keyNames(staged), keyList)
    const action = sql`case when ${same} then 'insert' else ${literal(differs)} end`
    const joins = mapsOf(this.#layout, staged)
    const found = await writtenSince(this.#writer, staged)
    const what = { action, joins, ranges: [range], isOrdered: range.last <= mostOrdered, found }
    const rows = await this.#writer.copyOut(copyWritten(this.#layout, staged, what))
    let told = 0
    const onChunk = async (chunk: Buffer): Promise<void> => {
      await witness.take(chunk)
      if (witness.rows - told < batchSize) return
      told = witness.rows
      onRows(told)
    }
    await writeStream(writer, stream, { rows, onChunk })
    this.changed.set(staged.table.id, witness.changed)
    return witness.isSame(range.last)
  }

  /** Writes the updated rows of every table, and the report. */
  async finish(report: Report): Promise<void> {
    const { writer } = this.#journal
    for (const staged of this.#layout.tables.values()) {
      const ranges = staged.steps.filter(({ step }) => step.action === 'update').map(({ range }) => range)
      if (ranges.length === 0) continue
      const what = { action: sql`'update'`, joins: sql``, ranges, isOrdered: true, found: sql`true` }
      const rows = await this.#writer.copyOut(copyWritten(this.#layout, staged, what))
      await writeStream(writer, writtenStream(staged), { rows })
    }
    await writer.write('REPORT', JSON.stringify(report))
  }
}

/** Holds for rows that this transaction wrote, and those begun after it: a join with them need not hash all that live has. */
const writtenSince = async (writer: Writer, { table }: StagedTable): Promise<Query> =>
  (await tellsWriters(writer, table.live)) ? sql`pg_catalog.age(t.xmin) <= 0` : sql`true`

const isNamedApart = (staged: StagedTable): boolean =>
  mayChangeKeys(staged) && !isSameNames(keyNames(staged), staged.table.identity)

const writtenStream = (staged: StagedTable): Stream => ({
  kind: 'written',
  table: staged.table.id,
  columns: writtenColumns({
    identity: staged.table.identity,
    changesKeys: mayChangeKeys(staged),
    names: isNamedApart(staged) ? keyNames(staged) : [],
  }),
})

const copyWritten = (
  layout: Layout,
  staged: StagedTable,
  {
    action,
    joins,
    ranges,
    isOrdered,
    found,
  }: {
    readonly action: Query
    readonly joins: Query
    readonly ranges: readonly OrdinalRange[]
    readonly isOrdered: boolean
    /** A condition on live's rows that holds for all that are meant. */
    readonly found: Query
  },
): Query => {
  const { table } = staged
  const { identity } = table
  const live = liveIdentity(layout, staged)
  const names = isNamedApart(staged) ? keyNames(staged) : []
  const values = [
    action,
    ...identity.map((name) => column('t', name)),
    keptDigest('t', table.live, identity),
    ...(mayChangeKeys(staged) ? identity.map((name) => column('s', name)) : []),
    ...names.map((name) => column('s', name)),
    ...names.map((name) => column('t', name)),
  ]
  return sql`
    copy (
      select ${list(values)}
      from ${staged.stage} as s ${live.joins} ${joins}
      join ${fromTable(table.live)} as t on ${onLiveIdentity(layout, staged, 't')} and ${found}
      where ${any(ranges.map((range) => inRange('s', range)))}
      ${isOrdered ? sql`order by ${ordinalOf('s')}` : sql``}
    ) to stdout`
}
