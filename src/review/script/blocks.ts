/** Statements of a script that decide something on the server: checks of what others come to, and sequences that are raised. Pure. */
import { sql } from 'kysely'
import { displayTable } from '../../database/display.ts'
import { compileLiteral, type Query, quote } from '../../database/names.ts'
import { sequenceText, stepLimit, walkLimit } from '../../database/sequences.ts'
import { type Check, countFound, type Found } from '../../database/session/check.ts'
import type { SequenceBounds } from '../../database/session/reader.ts'
import { hintOf } from '../../errors.ts'
import { dollarQuote, hasColon, layOutSql } from './text.ts'

/** A DO block: what it declares, and its lines. */
export const block = (declared: readonly string[], body: readonly string[]): string => {
  const declare = declared.length === 0 ? [] : ['declare', ...declared.map((line) => `  ${line};`)]
  return `do ${dollarQuote([...declare, 'begin', ...body, 'end'].join('\n'), 'rowgraft')};\n`
}

/** A statement, run as it is. */
export const execute = (text: string, into = ''): string =>
  `  execute ${dollarQuote(layOutSql(text, '    '), 'sql')}${into};`

/** A statement that is run for its effect: what it returns is not shown. */
export const statement = (query: Query): string => {
  const text = compileLiteral(query).trim()
  return /^select\b/i.test(text) || hasColon(text) ? block([], [execute(text)]) : `${layOutSql(text)};\n`
}

const mark = (what: string): string => `\ue000${what}\ue001`

/** Values may hold what drives a terminal, and psql shows an error as it is. */
const visible = (value: string): string =>
  value === 'counted' ? value : `pg_catalog.regexp_replace(coalesce(${value}, ''), '[[:cntrl:]]', '?', 'g')`

/** A text in which the values that a check finds stand as marks, as an expression that puts them in. */
const template = (text: string): string =>
  text
    .split(/(\ue000\w+\ue001)/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('\ue000') ? visible(part.slice(1, -1)) : quote(part)))
    .join(' || ')

/** A message that reads differently for one row is two. */
const messageOf = (message: Check['message'], found: Found): string => {
  const [one, many] = [message({ ...found, count: '1' }), message(found)]
  if (many.replaceAll(found.count, '1') === one) return template(many)
  return `case ${found.count.slice(1, -1)}::text when '1' then ${template(one)} else ${template(many)} end`
}

const raiseError = ({ message, detail, nameRow, hint, advice }: Check, found: Found): string => {
  const named = nameRow === undefined ? [] : [nameRow(found.row)]
  const details = [...(detail === undefined ? [] : [detail]), ...named].join('\n')
  return [
    '    raise exception using',
    `      message = ${messageOf(message, found)},`,
    ...(details === '' ? [] : [`      detail = ${template(details)},`]),
    `      hint = ${template(hintOf({ hint, advice }) ?? '')};`,
  ].join('\n')
}

const variables = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `value${index + 1}`)

/** A statement, and an error unless it comes to what is expected. */
export const checked = (check: Check): string => {
  const { expect, query, onlyWhere } = check
  const [width, expected] = 'row' in expect ? [expect.row.length, expect.row] : ['none' in expect ? expect.none : 0, []]
  const values = variables(width)
  const counted = 'row' in expect ? (values[0] ?? '') : 'counted'
  const found = { count: mark(counted), row: values.map(mark) }
  const given = 'row' in expect ? values : ['counted', ...values]
  const isWrong =
    'written' in expect
      ? `counted <> ${expect.written}`
      : 'none' in expect
        ? 'counted is not null'
        : values.map((value, index) => `${value} is distinct from ${quote(expected[index] ?? '')}`).join(' or ')
  return block(
    [...('row' in expect ? [] : ['counted bigint']), ...values.map((value) => `${value} text`)],
    [
      ...(onlyWhere === undefined
        ? []
        : [
            `  if not exists (${layOutSql(compileLiteral(onlyWhere), '    ').trim()}) then`,
            '    return;',
            '  end if;',
          ]),
      execute(
        compileLiteral('none' in expect ? countFound(query) : query),
        'written' in expect ? '' : ` into ${given.join(', ')}`,
      ),
      ...('written' in expect ? ['  get diagnostics counted = row_count;'] : []),
      `  if ${isWrong} then`,
      raiseError(check, found),
      '  end if;',
    ],
  )
}

/** Raises a sequence beyond what the query returns, as a run does: by its own steps, never back. */
export const raised = (sequence: SequenceBounds, goal: Query): string => {
  const name = `${quote(sequenceText(sequence))}::pg_catalog.regclass`
  const shown = displayTable(sequence)
  const next = compileLiteral(sql`
    select last_value + case when is_called then ${sql.lit(Number(sequence.increment))} else 0 end
    from ${sql.id(sequence.schema, sequence.name)}`)
  const isPast = sequence.increment.startsWith('-') ? '<' : '>'
  return block(
    ['goal numeric', 'upcoming numeric', 'steps bigint'],
    [
      execute(compileLiteral(goal), ' into goal'),
      execute(next, ' into upcoming'),
      `  if goal is null or upcoming ${isPast} goal or goal not between ${sequence.minimum} and ${sequence.maximum} then`,
      '    return;',
      '  end if;',
      `  steps := pg_catalog.div(goal - upcoming, ${sequence.increment}) + 1;`,
      `  if steps > ${stepLimit} and pg_catalog.has_sequence_privilege(${name}, 'UPDATE') then`,
      `    perform pg_catalog.setval(${name}, (upcoming + (steps - 1) * ${sequence.increment})::bigint);`,
      `  elsif steps > ${walkLimit} then`,
      '    raise exception using',
      `      message = ${quote(`sequence "${shown}" is far behind, and this role may not set it`)},`,
      `      hint = ${quote(`grant update on sequence ${shown} to the role that runs this`)};`,
      '  else',
      `    perform pg_catalog.nextval(${name}) from pg_catalog.generate_series(1, steps);`,
      '  end if;',
    ],
  )
}
