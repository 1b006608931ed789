import fc from 'fast-check'
import { expect, test } from 'vitest'

import { open } from '../../src/index.ts'
import { withAttempts } from '../support/attempts.ts'
import { query } from '../support/queries.ts'

/** Literals of a type, some of which are equal to the server though they read differently. */
const types: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '-1', '0', '1', '9', '10', '32767'],
  integer: ['-2147483648', '-10', '-9', '0', '7', '70', '2147483647'],
  bigint: ['-9223372036854775808', '-100', '-99', '0', '5', '50', '9223372036854775807'],
  numeric: ['-1.5', '0', '0.0', '1', '1.0', '1.00', '10', '9', 'NaN', 'Infinity', '1e-20'],
  'double precision': ['-0', '0', '1e300', '-1e-300', 'NaN', 'Infinity', '0.1'],
  text: ['', ' ', 'a', 'A', 'b', 'aB', 'ä', 'é', 'e\u0301', '𝒳', '～', '"', "''", '\\', ',', 'a,b', '(', 'NULL'],
  'text collate "und-x-icu"': ['', 'a', 'A', 'b', 'B', 'ä', 'z', '-', '_', 'a b', 'a-b', '😀'],
  'text collate caseless': ['', 'a', 'A', 'b', 'B', 'ä', 'Ä'],
  'varchar(9)': ['', 'a', 'a ', ' a', 'é'],
  'char(4)': ['', 'a', 'ab', 'a b', 'é'],
  uuid: [
    '00000000-0000-4000-8000-000000000000',
    'F0000000-0000-4000-8000-00000000000a',
    '0f000000-0000-4000-8000-000000000000',
  ],
  date: ['-infinity', '0044-03-15 BC', '2026-01-01', '12026-01-01', 'infinity'],
  timestamptz: ['2026-01-01 00:00+00', '2026-01-01 01:00+01', '2026-01-01 00:00:00.000001+00', 'infinity'],
  interval: ['1 day', '24:00:00', '-1 mon 1 day', '0'],
  boolean: ['t', 'f'],
  bytea: ['\\x', '\\x00', '\\x0000', '\\xff', '\\x61'],
  mood: ['sad', 'glad', 'SAD'],
}

interface Case {
  readonly key: readonly string[]
  readonly values: readonly string[]
  readonly backup: readonly (readonly string[])[]
  readonly live: readonly (readonly string[])[]
}

const typeNames = Object.keys(types)

const rowsOf = (columns: readonly string[]): fc.Arbitrary<readonly (readonly string[])[]> =>
  fc.array(fc.tuple(...columns.map((type) => fc.constantFrom(...(types[type] ?? [])))), { maxLength: 12 })

const cases: fc.Arbitrary<Case> = fc
  .record({
    key: fc.array(fc.constantFrom(...typeNames), { minLength: 1, maxLength: 3 }),
    values: fc.array(fc.constantFrom(...typeNames), { maxLength: 3 }),
  })
  .chain(({ key, values }) =>
    fc
      .record({
        shared: rowsOf([...key, ...values]),
        backup: rowsOf([...key, ...values]),
        live: rowsOf([...key, ...values]),
      })
      .map(({ shared, backup, live }) => ({ key, values, backup: [...backup, ...shared], live: [...live, ...shared] })),
  )

const literal = (text: string): string => `'${text.replace(/^''$/, "'").replaceAll("'", "''")}'`

/** Fills a table with the rows, leaving out those whose key is there already. */
const fill = (table: string, rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `insert into ${table} values (${row.map(literal).join(', ')}) on conflict do nothing;`).join('\n')

/** Creates a table with the columns in this order, and fills it. */
const create = (
  table: string,
  { key, values }: Case,
  rows: readonly (readonly string[])[],
  isReversed: boolean,
): string => {
  const columns = [...key.map((type, at) => `k${at} ${type}`), ...values.map((type, at) => `v${at} ${type}`)]
  const names = columns.map((column) => column.split(' ')[0]).join(', ')
  const keys = key.map((_, at) => `k${at}`).join(', ')
  const listed = isReversed ? [...columns].reverse() : columns
  return `create table ${table} (${listed.join(', ')}, primary key (${keys}));
    ${fill(`${table} (${names})`, rows)}`
}

/** What a full outer join says of two tables in one database, in the words of a diff. */
const naive = (at: number, { key, values }: Case): string => {
  const names = [...key.map((_, position) => `k${position}`), ...values.map((_, position) => `v${position}`)]
  const join = key.map((_, position) => `b.k${position} = l.k${position}`).join(' and ')
  const differs = names
    .map((name) => `case when row(b.${name})::text <> row(l.${name})::text then '${name}' end`)
    .join(', ')
  const keyText = (side: string): string =>
    `array[${key.map((_, position) => `${side}.k${position}::text`).join(', ')}]::text`
  return `
    select ${at} as at,
      case when l.k0 is null then 'missing' when b.k0 is null then 'extra' else 'changed' end as state,
      case when b.k0 is null then ${keyText('l')} else ${keyText('b')} end as key,
      case when l.k0 is null or b.k0 is null then '{}' else array_remove(array[${differs}], null)::text end as columns
    from naive.b${at} b full join naive.l${at} l on ${join}
    where l.k0 is null or b.k0 is null or concat(${differs}) <> ''`
}

const runs = 60

test('a diff says what a full outer join says, over random tables', { timeout: 120_000 }, async () => {
  const seed = Number(process.env.ROWGRAFT_SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${runs} random tables, seed ${seed} (ROWGRAFT_SEED=${seed} repeats them)`)
  const sample = fc.sample(cases, { numRuns: runs, seed })
  const schema = `create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create type mood as enum ('glad', 'sad', 'SAD')`
  await withAttempts(schema, async ({ live, backup }) => {
    await query(backup, sample.map((each, at) => create(`t${at}`, each, each.backup, false)).join(';\n'))
    await query(
      live,
      `set extra_float_digits = 3; set time zone 'UTC'; create schema naive;
       ${sample.map((each, at) => `${create(`naive.b${at}`, each, each.backup, false)}; ${create(`naive.l${at}`, each, each.live, false)}`).join(';\n')};
       ${sample.map((each, at) => create(`t${at}`, each, each.live, at % 2 === 1)).join(';\n')}`,
    )
    const expected = await query(
      live,
      `set time zone 'UTC'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; ${sample.map((each, at) => naive(at, each)).join(' union all ')}`,
    )
    const lines = expected.map(({ at, state, key, columns }) => `t${at} ${state} ${key} ${columns}`).sort()

    const rowgraft = await open({ live, backup })
    const found: string[] = []
    try {
      for await (const { table, state, key, columns } of rowgraft.rows()) {
        const [row] = await query(
          live,
          `select array[${Object.values(key)
            .map((value) => `'${value.replaceAll("'", "''")}'`)
            .join(', ')}]::text as key`,
        )
        found.push(`${table.replace('public.', '')} ${state} ${row?.key} {${[...columns].sort().join(',')}}`)
      }
    } finally {
      await rowgraft.close()
    }
    expect(found.sort()).toEqual(lines)
    expect(lines.length).toBeGreaterThan(runs)
  })
})
