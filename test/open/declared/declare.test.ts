/** What a config file says about tables is looked up and checked before anything relies on it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Config, Plan } from '../../../src/index.ts'
import { type Attempts, shareAttempts, withAttempts } from '../../support/attempts.ts'
import type { CommandResult } from '../../support/command.ts'
import { query } from '../../support/queries.ts'

const sql = {
  schema: `
    create table photo (id integer primary key, slug text, code text unique, at date);
    create table tag (id integer primary key);
    create table photo_tag (photo integer, tag integer, note text);
    create table comment (id integer primary key, kind text, photo integer)`,
  backup: `
    insert into photo values (1, 'a', 'A'), (2, 'b', 'B'), (3, 'b', 'C'), (4, null, 'D');
    insert into tag values (1), (2);
    insert into photo_tag values (1, 1), (1, 2), (2, 1), (2, 1);
    insert into comment values (10, 'photo', 1), (11, 'tag', 1)`,
  live: 'delete from comment; delete from photo where id = 1; delete from photo_tag where photo = 1',
}

/** Runs rowgraft where a config file says this. */
const runWith = async ({ rowgraft }: Attempts, config: Config, ...argv: readonly string[]): Promise<CommandResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'rowgraft-config-'))
  try {
    await writeFile(join(folder, 'rowgraft.config.json'), JSON.stringify(config))
    const result = await rowgraft(argv, { folder })
    return { ...result, stderr: result.stderr.replace(/^Config: .*\n/, '') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const to = { from: 'comment', columns: ['photo'], to: 'photo' }

describe('what is not there is refused with its name', () => {
  const shared = shareAttempts(sql)

  test.each<readonly [string, Config, RegExp]>([
    [
      'a referencing table',
      { relations: [{ ...to, from: 'comments' }] },
      /"relations" in the config file: there is no table "comments"[\s\S]*Did you mean "public.comment"/,
    ],
    [
      'a referenced table',
      { relations: [{ ...to, to: 'foto' }] },
      /"relations" in the config file: there is no table "foto"/,
    ],
    [
      'a referencing column',
      { relations: [{ ...to, columns: ['photo_id'] }] },
      /"public.comment" has no column "photo_id"/,
    ],
    ['a referenced column', { relations: [{ ...to, toColumns: ['nr'] }] }, /"public.photo" has no column "nr"/],
    [
      'as many columns',
      { relations: [{ ...to, columns: ['photo', 'kind'] }] },
      /refers from 2 column\(s\) of "public.comment" to 1 of "public.photo"/,
    ],
    [
      'a key to refer to',
      { relations: [{ ...to, columns: ['kind'], toColumns: ['slug'] }] },
      /refers to \(slug\) of "public.photo", which is no key[\s\S]*the same in 2 rows of live, the same in 2 rows of the backup/,
    ],
    [
      'a column of a condition',
      { relations: [{ ...to, where: 'nature = 1' }] },
      /the backup cannot evaluate "relations"[\s\S]*column "nature" does not exist/,
    ],
    [
      'one statement in a condition',
      { relations: [{ ...to, where: 'true); drop table comment; --' }] },
      /cannot evaluate "relations"[\s\S]*(syntax error|multiple commands)/,
    ],
    [
      'a table of an identity',
      { identities: { nothing: ['id'] } },
      /"identities" in the config file: there is no table "nothing"/,
    ],
    [
      'a column of an identity',
      { identities: { photo: ['name'] } },
      /"identities" in the config file: "public.photo" has no column "name"/,
    ],
    ['an excluded table', { exclude: ['nothing'] }, /"exclude" in the config file: there is no table "nothing"/],
    [
      'relations of a junction table',
      { junctions: ['comment'] },
      /"junctions" names "public.comment", which refers to 0 tables/,
    ],
  ])('%s', async (_, config, says) => {
    const { stderr, exit } = await runWith(shared(), config, 'tables')
    expect(stderr).toMatch(says)
    expect(exit).toBe(2)
  })

  test('an identity that does not tell rows apart refuses its table, with counts', async () => {
    const { stdout } = await runWith(shared(), { identities: { photo: ['slug'] } }, 'tables', '--json')
    const { tables } = JSON.parse(stdout) as { tables: { table: string; why: string | null }[] }
    expect(tables.find(({ table }) => table === 'public.photo')?.why).toBe(
      'its identity (slug) is empty in 1 row of live, the same in 2 rows of live, empty in 1 row of the backup, the same in 2 rows of the backup',
    )
  })

  test('a junction table whose pairs are there twice is refused, with counts', async () => {
    const relations = [
      { from: 'photo_tag', columns: ['photo'], to: 'photo' },
      { from: 'photo_tag', columns: ['tag'], to: 'tag' },
    ]
    const { stderr, exit } = await runWith(
      shared(),
      { relations, junctions: ['photo_tag'] },
      'plan',
      'photo_tag',
      '1,1',
    )
    expect(stderr).toMatch(/as a junction table its pair \(photo, tag\) is the same in 2 rows of live/)
    expect(exit).toBe(4)
  })

  test('an excluded table is out, and said so', async () => {
    const { stdout } = await runWith(shared(), { exclude: ['comment'], relations: [to] }, 'plan', 'photo', '1')
    expect(stdout).toContain(
      'missing  comment  2  belonged to it too (it cannot be restored: it is excluded by the config file)',
    )
  })
})

test('an undo spares rows that came to refer by a declared relation', async () => {
  await withAttempts(sql, async (attempts) => {
    const config: Config = { relations: [{ ...to, where: "kind = 'photo'" }] }
    const restored = await runWith(attempts, config, 'restore', 'photo', '1', '--yes')
    expect(restored.stderr).toBe('')
    await query(attempts.live, `insert into comment values (12, 'tag', 1)`)
    await query(attempts.live, `insert into comment values (13, 'photo', 1)`)
    // The plan of the run says how its rows are referred to: no config file is needed.
    const undone = await attempts.rowgraft(['undo', '--yes'])
    expect(undone.stderr).toMatch(
      /rows of "public.comment" refer to rows of "public.photo" by now[\s\S]*public.comment 13\n/,
    )
    expect(undone.stderr).not.toContain('public.comment 12')
    await query(attempts.live, 'delete from comment where id = 13')
    expect((await attempts.rowgraft(['undo', '--yes'])).exit).toBe(0)
  })
})

test('a plan file brings its relations with it, and SQL only where the config file has the same', async () => {
  await withAttempts(sql, async (attempts) => {
    const path = join(attempts.journal, 'plan.json')
    const config: Config = { relations: [{ ...to, where: "kind = 'photo'" }] }
    await runWith(attempts, config, 'plan', 'photo', '1', '--out', path)
    const refused = await attempts.rowgraft(['restore', path, '--yes'])
    expect(refused.stderr).toContain(
      'follows public.comment.photo -> photo (declared), which the config file does not declare so',
    )
    const { exit, stdout } = await runWith(attempts, config, 'restore', path, '--yes', '--json')
    expect(exit).toBe(0)
    expect((JSON.parse(stdout) as { tables: unknown[] }).tables).toHaveLength(2)
    const { stdout: text } = await runWith(attempts, config, 'plan', 'comment', '10', '--json')
    expect((JSON.parse(text) as Plan).declared).toBeUndefined()
  })
})

describe('rows that must never come back', () => {
  const never: Config = { never: { photo: `code = 'A'` } }

  test('a condition that the backup cannot evaluate is refused', async () => {
    await withAttempts(sql, async (attempts) => {
      const { exit, stderr } = await runWith(attempts, { never: { photo: 'code = 1' } }, 'plan', 'photo', '1')
      expect(stderr).toMatch(/the backup cannot evaluate "never" in the config file: operator does not exist/)
      expect(exit).toBe(2)
    })
  })

  test('a plan made without the config file is refused, and incidents count them apart', async () => {
    await withAttempts(sql, async (attempts) => {
      const path = join(attempts.journal, 'plan.json')
      await attempts.rowgraft(['plan', 'photo', '1', '--out', path])
      const { exit, stderr } = await runWith(attempts, never, 'restore', path, '--yes')
      expect(stderr).toMatch(/the plan has 1 row\(s\) of "public.photo" that must not come back[\s\S]*row 1/)
      expect(exit).toBe(4)
      const { stdout } = await runWith(attempts, never, 'incidents', '--json')
      const report = JSON.parse(stdout) as { leftOut: { kind: string; table: string; rows: number | null }[] }
      expect(report.leftOut).toContainEqual(expect.objectContaining({ kind: 'never', table: 'public.photo', rows: 1 }))
      expect(stdout).not.toContain('photo (1)')
    })
  })

  test('a statement does not bring them back either', async () => {
    await withAttempts(sql, async (attempts) => {
      const { stdout } = await runWith(attempts, never, 'plan', '--statement', 'delete from photo where id = 1')
      expect(stdout).toContain('left out  photo  1  it must not come back ("never" in the config file) · 1')
    })
  })
})

test('what looks like a polymorphic association is suggested with the lines that approve it', async () => {
  const rails = {
    schema: `
      create table photos (id integer primary key);
      create table admin_users (id integer primary key);
      create table notes (id integer primary key, subject_type text, subject_id integer, mime_type text)`,
    backup: `
      insert into photos values (1);
      insert into notes values (1, 'Photo', 1), (2, 'Photo', 1), (3, 'Admin::User', 1), (4, 'Podcast', 1)`,
  }
  await withAttempts(rails, async ({ rowgraft }) => {
    const { stdout } = await rowgraft(['tables', '--json'])
    const { tables } = JSON.parse(stdout) as { tables: { table: string; drift: readonly string[] }[] }
    expect(tables.find(({ table }) => table === 'public.notes')?.drift).toEqual([
      `subject_type and subject_id look like a reference to rows of several tables, which is not followed; if it is one, say so in the config file: polymorphic: [{ from: 'public.notes', typeColumn: 'subject_type', idColumn: 'subject_id', types: { Photo: 'public.photos', 'Admin::User': 'public.admin_users' } }]; no table is known for "Podcast"`,
    ])
  })
})
