import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { type Attempts, asRole, refuse, withAttempts } from '../../support/attempts.ts'
import type { CommandResult } from '../../support/command.ts'
import type { DatabaseSql } from '../../support/databases.ts'
import { dumpRows, query } from '../../support/queries.ts'

/** Attempts as a role that is nobody's owner and may nothing but what it is granted. */
interface RoleAttempts extends Attempts {
  readonly role: string
  /** Runs SQL in both databases as the superuser; `$role` is the role. */
  readonly grant: (sql: string) => Promise<void>
  /** The same in live alone. */
  readonly grantInLive: (sql: string) => Promise<void>
}

const withRole = (sql: DatabaseSql, work: (attempts: RoleAttempts) => Promise<void>): Promise<void> =>
  withAttempts(sql, async (attempts) => {
    const role = `app_${randomBytes(5).toString('hex')}`
    await query(attempts.live, `create role ${role} login password '${role}'`)
    const env = {
      ROWGRAFT_LIVE: asRole(attempts.live, role),
      ROWGRAFT_BACKUP: asRole(attempts.backup, role),
    }
    const grantInLive = async (text: string): Promise<void> => {
      await query(attempts.live, text.replaceAll('$role', role))
    }
    const grant = async (text: string): Promise<void> => {
      await grantInLive(text)
      await query(attempts.backup, text.replaceAll('$role', role))
    }
    await grantInLive(
      `do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$`,
    )
    await work({
      ...attempts,
      env: { ...attempts.env, ...env },
      rowgraft: (argv, options = {}) => attempts.rowgraft(argv, { ...options, env: { ...env, ...options.env } }),
      role,
      grant,
      grantInLive,
    })
  })

const readAll = 'grant select on all tables in schema public to $role'

/** The GRANT statements an error lists. */
const grantsOf = ({ exit, stdout }: CommandResult): readonly string[] => {
  const { error } = JSON.parse(stdout) as { error: { code: string; detail: string; hint: string } }
  expect({ exit, code: error.code }).toEqual({ exit: 4, code: 'missing-privileges' })
  expect(error.hint).toContain('granted')
  return error.detail.split('\n')
}

const named = (grants: readonly string[], { live, role }: RoleAttempts): readonly string[] =>
  grants.map((text) => text.replaceAll(role, '$role').replaceAll(new URL(live).pathname.slice(1), '$live'))

/** An album with a cycle of tables that are NOT NULL both ways, a photo that survives, an identity ALWAYS. */
const albums = {
  schema: `
    create table album (id integer generated always as identity primary key, title text);
    create table photo (id serial primary key, title text, album integer references album on delete set null);
    create table chapter (id integer primary key, album integer not null references album on delete cascade, opening integer not null);
    create table page (id integer primary key, chapter integer not null references chapter on delete cascade);
    alter table chapter add foreign key (opening) references page;
    create table secret (id serial primary key, word text)`,
  backup: `
    insert into album (title) values ('pets'), ('sea');
    insert into photo (title, album) values ('cat', 1), ('eel', 2);
    insert into secret (word) values ('open');
    with c as (insert into chapter values (10, 1, 100)) insert into page values (100, 10), (101, 10)`,
  live: 'delete from album where id = 1',
}

describe('what a role lacks', () => {
  test('is listed at once, and granting exactly that is enough to restore and to undo', async () => {
    await withRole(albums, async (attempts) => {
      const { live, backup, rowgraft, grant, grantInLive } = attempts
      await grant('grant select on album, photo, chapter, page to $role')
      const start = await dumpRows(live)
      const grants = grantsOf(await rowgraft(['plan', 'album', '1', '--json']))
      expect(grantsOf(await rowgraft(['restore', 'album', '1', '--yes', '--json']))).toEqual(grants)
      expect(named(grants, attempts)).toEqual([
        'grant temporary on database $live to $role;',
        'grant insert on public.album to $role;',
        'grant insert on public.chapter to $role;',
        'grant insert on public.page to $role;',
        'grant update (album) on public.photo to $role;',
        'grant usage, select on sequence public.album_id_seq to $role;',
      ])
      expect(await dumpRows(live), 'live is unchanged').toEqual(start)
      for (const text of grants) {
        expect(grantsOf(await rowgraft(['plan', 'album', '1', '--json']))).toContain(text)
        await grantInLive(text)
      }
      const restored = await rowgraft(['restore', 'album', '1', '--yes'])
      expect(restored.exit, restored.stdout + restored.stderr).toBe(0)
      expect(await dumpRows(live)).toEqual(await dumpRows(backup))
      expect((await rowgraft(['verify'])).exit).toBe(0)

      const needed = grantsOf(await rowgraft(['undo', '--yes', '--json']))
      expect(needed.filter((text) => text.startsWith('grant delete'))).toHaveLength(3)
      for (const text of needed) await grantInLive(text)
      const undone = await rowgraft(['undo', '--yes'])
      expect(undone.exit, undone.stdout + undone.stderr).toBe(0)
      expect(await dumpRows(live)).toEqual(start)
    })
  })

  test('for new keys is listed as well', async () => {
    const sql = {
      schema: 'create table tag (id integer primary key, word text unique)',
      backup: `insert into tag values (1, 'pet'), (2, 'sea')`,
      live: `delete from tag where id = 1`,
    }
    await withRole(sql, async ({ rowgraft, grant, grantInLive, live }) => {
      await grant(readAll)
      const grants = grantsOf(await rowgraft(['restore', 'tag', '1', '--keys', 'new', '--yes', '--json']))
      expect(grants).toHaveLength(3)
      for (const text of grants) await grantInLive(text)
      expect((await rowgraft(['restore', 'tag', '1', '--keys', 'new', '--yes'])).exit).toBe(0)
      expect(await query(live, `select id from tag where word = 'pet'`)).toEqual([{ id: '3' }])
    })
  })

  test('to overwrite a row, or to let one stand in, is listed as well', async () => {
    const sql = {
      schema: `create table tag (id serial primary key, word text unique, note text);
        create table use (id serial primary key, tag integer not null references tag on delete cascade)`,
      backup: `insert into tag (word, note) values ('pet', 'then'), ('sea', 'then'); insert into use (tag) values (1)`,
      live: `delete from tag where id = 1; insert into tag (word, note) values ('pet', 'now')`,
    }
    for (const answer of ['match', 'overwrite']) {
      await withRole(sql, async ({ rowgraft, grant, grantInLive, live }) => {
        await grant(readAll)
        const argv = ['restore', 'tag', '1', '--on-conflict', answer, '--yes']
        for (const text of grantsOf(await rowgraft([...argv, '--json']))) await grantInLive(text)
        const { exit, stdout, stderr } = await rowgraft(argv)
        expect(exit, stdout + stderr).toBe(0)
        expect(await query(live, 'select tag from use')).toEqual([{ tag: '3' }])
      })
    }
  })

  test('of a sequence is found also where it may take values, but not look', async () => {
    await withRole(albums, async ({ rowgraft, grant, grantInLive, live, backup }) => {
      await grant('grant select on album, photo, chapter, page to $role')
      await grantInLive(`grant insert on album, chapter, page to $role; grant update on photo to $role;
        do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$;
        grant usage on sequence album_id_seq to $role`)
      const grants = grantsOf(await rowgraft(['restore', 'album', '1', '--yes', '--json']))
      expect(grants).toEqual([expect.stringContaining('grant usage, select on sequence public.album_id_seq')])
      for (const text of grants) await grantInLive(text)
      expect((await rowgraft(['restore', 'album', '1', '--yes'])).exit).toBe(0)
      expect(await dumpRows(live)).toEqual(await dumpRows(backup))
    })
  })

  test('may be given by column alone', async () => {
    await withRole(albums, async ({ rowgraft, grant, grantInLive, live, backup }) => {
      await grant(`grant select (id, title) on album to $role; grant select (id, title, album) on photo to $role;
        grant select (id, album, opening) on chapter to $role; grant select (id, chapter) on page to $role`)
      await grantInLive(`do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$;
        grant insert (id, title) on album to $role; grant insert (id, album, opening) on chapter to $role;
        grant insert (id, chapter) on page to $role; grant update (album) on photo to $role;
        grant usage, select on sequence album_id_seq to $role`)
      const { exit, stdout, stderr } = await rowgraft(['restore', 'album', '1', '--yes'])
      expect(exit, stdout + stderr).toBe(0)
      expect(await dumpRows(live)).toEqual(await dumpRows(backup))
      expect((await rowgraft(['verify'])).exit).toBe(0)
    })
  })

  test('of a sequence far behind is not needed: its values are taken one by one', async () => {
    const far = {
      schema: 'create table tag (id serial primary key)',
      backup: 'insert into tag values (2000000)',
      live: 'delete from tag',
    }
    await withRole(far, async ({ rowgraft, grant, grantInLive, live }) => {
      await grant(readAll)
      for (const text of grantsOf(await rowgraft(['restore', 'tag', '2000000', '--yes', '--json'])))
        await grantInLive(text)
      const { exit, stderr } = await rowgraft(['restore', 'tag', '2000000', '--yes'])
      expect(exit, stderr).toBe(0)
      expect(await query(live, `select nextval('tag_id_seq') as next`)).toEqual([{ next: '2000001' }])
    })
  })

  test('in the columns to be written is listed by column', async () => {
    await withRole(albums, async ({ rowgraft, grant, grantInLive }) => {
      await grant('grant select on album, photo, chapter, page to $role')
      await grantInLive('grant insert (id) on album to $role; grant update (title) on photo to $role')
      const grants = grantsOf(await rowgraft(['restore', 'album', '1', '--yes', '--json']))
      expect(grants).toContainEqual(expect.stringContaining('grant insert on public.album'))
      expect(grants).toContainEqual(expect.stringContaining('grant update (album) on public.photo'))
    })
  })
})

describe('a table that cannot be read', () => {
  const everything = `grant insert, update, delete on all tables in schema public to $role;
    grant usage, select, update on all sequences in schema public to $role;
    do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$`

  test('does not disturb the others', async () => {
    await withRole(albums, async ({ rowgraft, grant, grantInLive, live, backup }) => {
      await grantInLive(everything)
      await grant('grant select on album, photo, chapter, page to $role')
      expect((await rowgraft(['diff'])).exit).toBe(1)
      expect((await rowgraft(['restore', 'album', '--all-missing', '--yes'])).exit).toBe(0)
      expect(await dumpRows(live)).toEqual(await dumpRows(backup))
      expect((await rowgraft(['diff'])).exit).toBe(0)
    })
  })

  test('is refused by name, with the GRANT', async () => {
    await withRole(albums, async (attempts) => {
      await attempts.grantInLive(everything)
      await attempts.grant('grant select on album, photo, chapter, page to $role; grant select (id) on secret to $role')
      const says = [
        '"public.secret" cannot be',
        'no SELECT on it in live (word)',
        `grant select on public.secret to ${attempts.role}`,
      ]
      await refuse(attempts, ['restore', 'secret', '1', '--yes'], { exit: 4, says })
      await refuse(attempts, ['diff', 'secret'], { exit: 4, says })
      await query(attempts.live, `grant select on secret to ${attempts.role}`)
      await refuse(attempts, ['diff', 'secret'], { exit: 4, says: ['no SELECT on it in the backup (word)'] })
    })
  })

  test.each(['live', 'backup'] as const)('in %s as the parent of a row makes it a conflict', async (side) => {
    await withRole({ ...albums, live: 'delete from photo where id = 2' }, async (attempts) => {
      const { grantInLive, grant, rowgraft, role } = attempts
      await grantInLive(everything)
      await grant('grant select on photo, chapter, page to $role')
      await query(attempts[side === 'live' ? 'backup' : 'live'], `grant select on album to ${role}`)
      const says = ['1 conflict needs an answer']
      await refuse(attempts, ['restore', 'photo', '2', '--yes'], { exit: 4, says })
      const { stdout } = await rowgraft(['plan', 'photo', '2'])
      expect(stdout.replace(/\s+/g, ' ')).toContain('its parent cannot be looked at')
      expect(stdout.replace(/\s+/g, ' ')).toContain('no SELECT on it')
      expect((await rowgraft(['show', 'photo', '2'])).exit).toBe(0)
    })
  })

  test('as a child may refer to a row whose key is taken: that is a conflict, and no guess', async () => {
    const taken = {
      schema:
        'create table tag (id serial primary key, created_at date); create table use (id integer primary key, tag integer references tag)',
      backup: `insert into tag (created_at) values ('2026-01-01')`,
      live: `delete from tag; insert into tag (id, created_at) values (1, '2026-02-02')`,
    }
    await withRole(taken, async (attempts) => {
      await attempts.grantInLive(everything)
      await attempts.grant('grant select on tag to $role')
      await refuse(attempts, ['restore', 'tag', '1', '--yes'], { exit: 4, says: ['1 conflict needs an answer'] })
    })
  })

  test('as a child of a row is named, and the row comes back without it', async () => {
    await withRole(albums, async ({ rowgraft, grant, grantInLive, live }) => {
      await grantInLive(everything)
      await grant('grant select on album, photo, page to $role')
      const { exit, stdout } = await rowgraft(['restore', 'album', '1', '--yes'])
      expect(exit).toBe(0)
      expect(stdout.replace(/\s+/g, ' ')).toMatch(/chapter.*no SELECT on it/)
      expect(await query(live, 'select album from photo where id = 1')).toEqual([{ album: '1' }])
      const needed = grantsOf(await rowgraft(['undo', '--yes', '--json']))
      expect(needed).toEqual([expect.stringContaining('grant select on public.chapter to ')])
      for (const text of needed) await grantInLive(text)
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
      expect(
        (await rowgraft(['restore', 'album', '1', '--strict', '--yes'])).exit,
        'the backup cannot be read still',
      ).toBe(7)
    })
  })
})

describe('a schema without USAGE', () => {
  const sql = {
    schema: `create schema vault; create table vault.owner (id integer primary key); create table photo (id integer primary key, owner integer references vault.owner);
      create table vault.note (id integer primary key, photo integer references photo on delete cascade)`,
    backup:
      'insert into vault.owner values (1); insert into photo values (1, null), (2, 1); insert into vault.note values (1, 1)',
    live: 'delete from photo',
  }

  test('hides its tables, which are listed with the reason, and disturbs no other', async () => {
    await withRole(sql, async (attempts) => {
      const { rowgraft, grant, grantInLive } = attempts
      await grant('grant select on photo to $role')
      await grantInLive(`grant insert on photo to $role;
        do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$`)
      expect((await rowgraft(['tables'])).stdout).toContain('no USAGE on its schema')
      await refuse(attempts, ['restore', 'vault.note', '1', '--yes'], {
        exit: 4,
        says: ['"vault.note" cannot be restored', 'no USAGE on its schema'],
      })
      const { exit, stdout, stderr } = await rowgraft(['restore', 'photo', '1', '--yes'])
      expect(exit, stdout + stderr).toBe(0)
    })
  })

  test('leaves it to live to check the references into it', async () => {
    await withRole(sql, async (attempts) => {
      const { grant, grantInLive, rowgraft, live } = attempts
      await grant('grant select on photo to $role')
      await grantInLive(`grant insert, update, delete on photo to $role;
        do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$`)
      expect((await rowgraft(['restore', 'photo', '2', '--rehearse'])).exit).toBe(0)
      await query(live, 'delete from vault.owner')
      const says = ['violates foreign key constraint', 'photo_owner_fkey']
      const before = await dumpRows(live)
      const { exit, stderr } = await rowgraft(['restore', 'photo', '2', '--yes'])
      expect(exit).toBe(5)
      for (const part of says) expect(stderr).toContain(part)
      expect(await dumpRows(live)).toEqual(before)
    })
  })
})

describe('row-level security', () => {
  const sql = {
    schema: `create table photo (id integer primary key, owner text); create table note (id integer primary key, photo integer references photo on delete cascade)`,
    backup: `insert into photo values (1, 'ann'), (2, 'bob'); insert into note values (1, 1)`,
    live: 'delete from photo where id = 1',
  }
  const everything = `grant select, insert, update, delete on all tables in schema public to $role;
    do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$`
  const hiding = `alter table photo enable row level security; create policy own on photo using (owner = current_user)`

  test.each(['live', 'backup'] as const)('that hides rows in %s refuses the table', async (side) => {
    await withRole(sql, async (attempts) => {
      await attempts.grant(everything)
      await query(attempts[side], hiding)
      const says = [
        '"public.photo" cannot be',
        `row-level security hides rows from this role in ${side === 'live' ? 'live' : 'the backup'}`,
      ]
      await refuse(attempts, ['restore', 'photo', '1', '--yes'], { exit: 4, says })
      await refuse(attempts, ['diff', 'photo'], { exit: 4, says })
      expect((await attempts.rowgraft(['diff'])).exit).toBe(1)
    })
  })

  test('does not apply to the owner, unless it is forced', async () => {
    await withRole(sql, async (attempts) => {
      await attempts.grant(everything)
      await attempts.grantInLive(`alter table photo owner to $role; ${hiding}`)
      expect((await attempts.rowgraft(['restore', 'photo', '1', '--rehearse'])).exit).toBe(0)
      await attempts.grantInLive('alter table photo force row level security')
      await refuse(attempts, ['restore', 'photo', '1', '--yes'], { exit: 4, says: ['row-level security hides rows'] })
    })
  })

  test('on a parent makes the reference a conflict', async () => {
    await withRole(sql, async (attempts) => {
      await attempts.grant(everything)
      await attempts.grantInLive(hiding)
      await refuse(attempts, ['restore', 'note', '1', '--yes'], { exit: 4, says: ['1 conflict needs an answer'] })
    })
  })

  test('on a list of migrations is no obstacle', async () => {
    const list = 'create table schema_migrations (version text primary key)'
    await withRole({ ...sql, schema: `${sql.schema}; ${list}` }, async (attempts) => {
      await attempts.grant(everything)
      await attempts.grantInLive(hiding.replaceAll('photo', 'schema_migrations').replace('owner', 'version'))
      expect((await attempts.rowgraft(['diff', 'photo'])).exit).toBe(1)
    })
  })
})

describe('without a right to name a type', () => {
  const moods = {
    schema: `create schema kinds; create type kinds.mood as enum ('glad', 'sad');
      create table day (id integer primary key, mood kinds.mood)`,
    backup: `insert into day values (1, 'glad'), (2, 'sad')`,
    live: 'delete from day where id = 1',
  }

  test('the grant that is missing is named before anything is written', async () => {
    await withRole(moods, async (attempts) => {
      await attempts.grant(readAll)
      await attempts.grantInLive('grant insert on day to $role')
      await attempts.grantInLive(
        `do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$`,
      )
      const restore = ['restore', 'day', '1', '--yes', '--json']
      const grants = grantsOf(await attempts.rowgraft(restore))
      expect(named(grants, attempts)).toEqual(['grant usage on schema kinds to $role;'])
      for (const text of grants) await query(attempts.live, text)
      expect((await attempts.rowgraft(restore)).exit).toBe(0)
    })
  })

  test('switching triggers off needs a grant of its own', async () => {
    await withRole(moods, async (attempts) => {
      await attempts.grant(`${readAll}; grant usage on schema kinds to $role`)
      await attempts.grantInLive('grant insert on day to $role')
      await attempts.grantInLive(
        `do $$ begin execute format('grant temporary on database %I to $role', current_database()); end $$`,
      )
      const restore = ['restore', 'day', '1', '--yes', '--triggers', 'off']
      const grants = grantsOf(await attempts.rowgraft([...restore, '--json']))
      expect(named(grants, attempts)).toEqual(['grant set on parameter session_replication_role to $role;'])
      for (const text of grants) await query(attempts.live, text)
      expect((await attempts.rowgraft(restore)).exit).toBe(0)
    })
  })
})
