/** Statements of a script that are made of the parts that rows ask for, once it is run. Pure. */
import { sql } from 'kysely'
import { type Amendment, mostRounds } from '../database/amendment.ts'
import { compileLiteral, list, type Query } from '../database/names.ts'
import { block } from './blocks.ts'
import { dollarQuote, layOutSql } from './text.ts'

const text = (query: Query): string => layOutSql(compileLiteral(query), '    ').trim()

const quoted = (words: string): string => dollarQuote(words, 'sql')

/** Where the chosen parts come in. */
const [setMark, whereMark] = ['\ue000set\ue001', '\ue000where\ue001']

const variables = (number: number): readonly string[] => [
  `before${number} bigint[]`,
  `after${number} bigint[]`,
  `vain${number} boolean[]`,
]

/** One amendment's turn in a round: as `runAmendments` has it. */
const turn = ({ parts, from, statement }: Amendment, number: number): readonly string[] => {
  const [before, after, vain] = [`before${number}`, `after${number}`, `vain${number}`]
  const count = quoted(text(sql`select array[${list(parts.map((part) => sql`(${part.count})::bigint`))}] ${from}`))
  const made = text(statement(sql.raw(setMark), sql.raw(whereMark)))
    .split(/(\ue000\w+\ue001)/)
    .map((piece) => (piece === setMark ? 'sets' : piece === whereMark ? "'(' || wheres || ')'" : quoted(piece)))
  const values = parts.map((part, p) => `      (${p + 1}, ${quoted(text(part.set))}, ${quoted(text(part.where))})`)
  return [
    `    execute ${count} into ${before};`,
    "    select pg_catalog.string_agg(part.setting, ', ' order by part.number),",
    "           pg_catalog.string_agg(part.condition, ' or ' order by part.number) into sets, wheres",
    '    from (values',
    `${values.join(',\n')}`,
    '    ) as part(number, setting, condition)',
    `    where ${before}[part.number] > 0 and ${vain}[part.number] is not true;`,
    '    if sets is not null then',
    '      done := false;',
    `      execute ${made.join(' || ')};`,
    `      execute ${count} into ${after};`,
    `      for part in 1..${parts.length} loop`,
    `        if ${before}[part] > 0 and ${after}[part] >= ${before}[part] then ${vain}[part] := true; end if;`,
    '      end loop;',
    '    end if;',
  ]
}

/** One block in which statements are made and run until no row asks for any. */
export const amended = (amendments: readonly Amendment[]): readonly string[] => {
  const used = amendments.filter(({ parts }) => parts.length > 0)
  if (used.length === 0) return []
  return [
    block(
      ['sets text', 'wheres text', 'done boolean', ...used.flatMap((_, index) => variables(index + 1))],
      [
        `  for round in 1..${mostRounds} loop`,
        '    done := true;',
        ...used.flatMap((amendment, index) => turn(amendment, index + 1)),
        '    exit when done;',
        '  end loop;',
      ],
    ),
  ]
}
