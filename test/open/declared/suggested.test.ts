import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { shareAttempts, withAttempts } from '../../support/attempts.ts'

interface Suggested {
  readonly kind: string
  readonly relation: { readonly from: string; readonly columns?: readonly string[]; readonly to?: string }
  readonly evidence?: { readonly values: number; readonly orphans: number; readonly gaps: number | null }
}

const story = join(import.meta.dirname, '../../../fixtures/relations-nobody-declared')
const read = (file: string): Promise<string> => readFile(join(story, file), 'utf8')
const sql = { schema: await read('schema.sql'), backup: await read('backup.sql'), live: await read('live.sql') }

const parse = (text: string): readonly Suggested[] =>
  (JSON.parse(text) as { readonly suggestions: readonly Suggested[] }).suggestions

describe('relations that nobody declared', () => {
  const attempts = shareAttempts(sql)

  test('are suggested by name and type, where the rows of the backup hold them', async () => {
    const { stdout } = await attempts().rowgraft(['tables', '--suggest', '--json'])
    expect(
      parse(stdout).map(({ relation: { from, columns, to } }) => `${from} ${columns?.join() ?? '*'} ${to ?? '*'}`),
    ).toEqual([
      'public."Time Entries" taskId public.tasks',
      'public.memberships person_id public.people',
      'public.memberships project_id public.projects',
      'public.projects parent_id public.projects',
      'public.remarks * *',
      'public.tasks project_id public.projects',
      'public.tasks parent_id public.tasks',
      'public.trk_cards column_id public.trk_columns',
      'public.trk_cards task_id public.tasks',
      'public.trk_columns board_id public.trk_boards',
    ])
  })

  test('tell what speaks for them: values, and numbers between them that no row has', async () => {
    const { stdout } = await attempts().rowgraft(['tables', '--suggest', '--json'])
    const [own] = parse(stdout).filter(({ relation }) => relation.from === 'public.tasks')
    expect(own?.evidence).toEqual({ rows: 4, values: 3, orphans: 0, gaps: 6 })
  })

  test('come with the lines of the config file that take them', async () => {
    const { stdout } = await attempts().rowgraft(['tables', '--suggest'])
    expect(stdout).toContain("    { from: 'public.tasks', columns: ['project_id'], to: 'public.projects' },\n")
    expect(stdout).toContain(
      "{ from: 'public.remarks', typeColumn: 'remarkable_type', idColumn: 'remarkable_id', types: { Task: 'public.tasks', Project: 'public.projects' } },",
    )
    expect(stdout.replace(/\s+/g, ' ')).toContain('no table is known for "Gone::Thing"')
  })

  test('make one incident of many, where they are followed', async () => {
    const apart = await attempts().rowgraft(['incidents'])
    expect(apart.stderr).toContain('refer to tasks')
    const together = await attempts().rowgraft(['incidents', '--follow', 'suggested', '--json'])
    const { incidents } = JSON.parse(together.stdout) as { readonly incidents: readonly { readonly rows: number }[] }
    expect(incidents.map(({ rows }) => rows)).toEqual([14])
  })
})

test('a value that stands for none, or one orphan among many, is told, and more of them are too many', async () => {
  const schema = `
    create table owners (id integer primary key);
    create table things (id integer primary key, owner_id integer not null default 0, keeper_id integer);
    create table keepers (id integer primary key);
    insert into owners select i from generate_series(1, 40) as i;
    insert into keepers select i from generate_series(1, 40) as i;
    insert into things select i, i % 41, i + 20 from generate_series(1, 80) as i;`
  await withAttempts(schema, async ({ rowgraft }) => {
    const { stdout } = await rowgraft(['tables', '--suggest', '--json'])
    expect(parse(stdout)).toEqual([
      {
        kind: 'relation',
        relation: { from: 'public.things', columns: ['owner_id'], to: 'public.owners' },
        evidence: { rows: 80, values: 41, orphans: 1, gaps: 0 },
      },
    ])
  })
})

test('a plan that follows them is run from its file without the flag', async () => {
  await withAttempts(sql, async ({ rowgraft, journal }) => {
    const file = join(journal, 'plan.json')
    await rowgraft(['plan', 'projects', '5', '--follow', 'suggested', '--out', file])
    const { exit, stdout } = await rowgraft(['restore', file, '--yes'])
    expect(exit, stdout).toBe(0)
    expect(stdout).toContain('14 rows back')
    expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
  })
})
