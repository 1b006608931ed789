/** Stages the rows of a transformed table: read as text, changed by the user's function, and copied in, a batch at a time. */
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { column, identifier, list, serverText } from '../../database/names.ts'
import type { Reader, Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import type { Step } from '../../plan/step.ts'
import { batchSize } from '../../sql/rows.ts'
import { isInDefault } from '../../sql/tree.ts'
import { bareValues, readTransformed, refusingValues } from '../../transform/read.ts'
import type { TableTransform } from '../../transform/transform.ts'
import type { RunProgress } from '../run.ts'
import { defaultColumn, reportedColumns, watchesPartitions } from './columns.ts'
import { ordinalColumn, type StagedTable, stagedKeys } from './staged.ts'

/** True for steps whose rows are written from what the transform makes of them; survivors only get a reference back. */
export const isTransformed = ({ action, because }: Step): boolean => action !== 'delete' && because !== 'survivor'

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A value in COPY's text format. */
const copyText = (value: string | null): string =>
  value === null ? '\\N' : value.replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? character)

/** Copies the transformed rows into the stage; returns how many. Throws `plan-stale` for a row that is left out all of a sudden. */
export const stageTransformed = async (
  writer: Writer,
  staged: StagedTable,
  {
    backup,
    own,
    onProgress,
  }: { readonly backup: Reader; readonly own: TableTransform; readonly onProgress: RunProgress },
): Promise<number> => {
  const { table } = staged
  const keys = [...stagedKeys(staged, batchSize)].flat()
  const names = table.columns.map(({ name }) => name)
  const reported = reportedColumns(table)
  const watched = watchesPartitions(table)
  const extra = [
    ...reported.map((name) => sql`${column('t', name)}::text`),
    ...(watched ? [sql`${isInDefault('t')}::text`] : []),
  ]
  const ranges = staged.steps.filter(({ step }) => isTransformed(step)).map(({ range }) => range)
  const isWritten = (position: number): boolean =>
    ranges.some(({ first, last }) => position + 1 >= first && position + 1 <= last)
  async function* sources(): AsyncGenerator<Readable> {
    let done = 0
    for await (const rows of readTransformed(backup, own, { keys, extra })) {
      onProgress({ stage: 'stage', table: table.id, done, total: keys.length })
      done += rows.length
      const lines = rows.map(({ position, key, raw, values, extra: fields }) => {
        if (!isWritten(position)) return { position, made: bareValues(own, raw), fields }
        if (values !== null) return { position, made: values, fields }
        throw new RowgraftError(
          'plan-stale',
          `the transform of "${table.id}" leaves out row ${key.replaceAll('\0', ',')}`,
          {
            detail: 'It did not when the plan was made.',
            hint: 'Make the plan again.',
          },
        )
      })
      const text = lines.map(({ position, made, fields }) =>
        [String(position + 1), ...names.map((name) => made[name] ?? null), ...fields].map(copyText).join('\t'),
      )
      yield Readable.from([Buffer.from(`${text.join('\n')}\n`)])
    }
  }
  const target = list([ordinalColumn, ...names, ...reported, ...(watched ? [defaultColumn] : [])].map(identifier))
  return refusingValues(table, () => writer.copyIn(sql`copy ${staged.stage} (${target}) from stdin`, sources()))
}

/** Types whose modifier gives an equal value another spelling: `1` is `1.00`, and `ab` is `ab` with blanks. */
const spelling = /^(numeric|character)\(/

/** Spells what transforms made as live's columns do, where that is the same value. What is not stays, and is refused by live or verify. */
export const spellTransformed = async (writer: Writer, staged: StagedTable): Promise<void> => {
  for (const { name, live } of staged.table.columns) {
    if (!spelling.test(live.type)) continue
    const own = identifier(name)
    const typed = sql`${own}::${serverText(live.type)}`
    const isEqual = live.type.startsWith('numeric')
      ? sql`${own} = ${typed}`
      : sql`pg_catalog.rtrim(${own}, ' ') = pg_catalog.rtrim(pg_catalog.format('%s', ${typed}), ' ')`
    const spelled = live.type.startsWith('numeric') ? typed : sql`pg_catalog.format('%s', ${typed})`
    await writer.execute(
      sql`update ${staged.stage} set ${own} = ${spelled} where ${isEqual} and ${own}::text <> pg_catalog.format('%s', ${typed})`,
    )
  }
}
