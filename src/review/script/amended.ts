/** Statements of a script that are made of the parts that rows ask for, once it is run. Pure. */
import { sql } from 'kysely'
import { type Amendment, amend, askedFor, mostIdle, mostRounds } from '../../database/amendment.ts'
import { compileLiteral, type Query } from '../../database/names.ts'
import { block } from './blocks.ts'
import { dollarQuote, layOutSql } from './text.ts'

const quoted = (words: string): string => dollarQuote(words, 'sql')

const text = (query: Query): string => layOutSql(compileLiteral(query), '    ').trim()

/** Where the chosen parts come in. */
const given = { set: sql.raw('\ue000sets\ue001'), where: sql.raw('\ue000wheres\ue001') }

/** The statement as an expression of PL/pgSQL that puts the parts in. */
const madeOf = (amendment: Amendment): string =>
  text(amend(amendment, given))
    .split(/(\ue000\w+\ue001)/)
    .map((piece) => (piece.startsWith('\ue000') ? piece.slice(1, -1) : quoted(piece)))
    .join(' || ')

const names = (kind: string, { parts }: Amendment, number: number): readonly string[] =>
  parts.map((_, p) => `${kind}${number}_${p + 1}`)

const declared = (amendment: Amendment, index: number): readonly string[] => [
  ...['before', 'after', 'held'].flatMap((kind) => names(kind, amendment, index + 1).map((name) => `${name} bigint`)),
  ...names('idle', amendment, index + 1).map((name) => `${name} int := 0`),
]

/** One amendment's turn in a round: as `runAmendments` has it. */
const turn = (amendment: Amendment, index: number): readonly string[] => {
  const [before = [], after = [], held = [], idle = []] = ['before', 'after', 'held', 'idle'].map((kind) =>
    names(kind, amendment, index + 1),
  )
  const count = quoted(text(askedFor(amendment)))
  return [
    `    execute ${count} into ${before.join(', ')};`,
    "    sets := ''; wheres := '';",
    ...amendment.parts.flatMap(({ set, where }, p) => [
      `    if ${before[p]} > 0 and ${idle[p]} < ${mostIdle} then`,
      `      sets := sets || ', ' || ${quoted(text(set))}; wheres := wheres || ' or ' || ${quoted(text(where))};`,
      '    end if;',
    ]),
    "    if sets <> '' then",
    "      done := false; sets := pg_catalog.substr(sets, 3); wheres := '(' || pg_catalog.substr(wheres, 5) || ')';",
    `      execute ${madeOf(amendment)} into ${held.join(', ')};`,
    `      execute ${count} into ${after.join(', ')};`,
    ...amendment.parts.flatMap((_, p) => [
      `      if ${before[p]} > 0 and ${idle[p]} < ${mostIdle} then`,
      `        ${idle[p]} := case when ${held[p]} = 0 then ${mostIdle} when ${after[p]} < ${before[p]} then 0 else ${idle[p]} + 1 end;`,
      '      end if;',
    ]),
    '    end if;',
  ]
}

/** One block in which statements are made and run until no row asks for any. */
export const amended = (amendments: readonly Amendment[]): readonly string[] => {
  const used = amendments.filter(({ parts }) => parts.length > 0)
  if (used.length === 0) return []
  return [
    block(
      ['sets text', 'wheres text', 'done boolean', ...used.flatMap(declared)],
      [
        `  for round in 1..${mostRounds} loop`,
        '    done := true;',
        ...used.flatMap(turn),
        '    exit when done;',
        '  end loop;',
      ],
    ),
  ]
}
