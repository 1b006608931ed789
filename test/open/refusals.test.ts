import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

import { open } from '../../src/index.ts'
import { type Attempts, changeUrl, expectRefused, refuse, withAttempts } from '../support/attempts.ts'
import { command } from '../support/command.ts'
import { dumpRows, query } from '../support/queries.ts'

const photos = {
  schema: `create table photo (id serial primary key, title text); create table tag (id serial primary key, word text)`,
  backup: `insert into photo (title) values ('cat'), ('dog'); insert into tag (word) values ('pet'), ('sea')`,
  live: `delete from photo where id = 1; insert into photo (title) values ('eel'); insert into tag (word) values ('fog')`,
}

const restoring = ['restore', 'photo', '1', '--yes']

const dsnOf = (text: string, host?: string): string => {
  const { hostname, port, username, password, pathname } = new URL(text)
  return `host=${host ?? hostname} port=${port} user=${username} password=${password} dbname=${pathname.slice(1)}`
}

describe('the two sides', () => {
  test('are refused when they are one database, however it is spelled', async () => {
    await withAttempts(photos, async (attempts) => {
      const [row] = await query(attempts.live, `select trim(current_setting('unix_socket_directories'), '"') as folder`)
      const spellings = [
        attempts.live,
        changeUrl(attempts.live, (url) => {
          url.hostname = 'localhost'
        }),
        dsnOf(attempts.live),
        dsnOf(attempts.live, row?.folder ?? ''),
      ]
      for (const backup of spellings) {
        const says = ['live and backup are the same database']
        const options = { env: { ROWGRAFT_BACKUP: backup } }
        await refuse(attempts, restoring, { exit: 4, says, hint: '--backup' }, options)
      }
    })
  })

  test('may be two databases of one cluster', async () => {
    await withAttempts(photos, async ({ rowgraft, live }) => {
      expect((await rowgraft(restoring)).exit).toBe(0)
      expect(await query(live, 'select title from photo where id = 1')).toEqual([{ title: 'cat' }])
    })
  })

  test('are refused when the sequences of the backup are ahead: they may be swapped', async () => {
    await withAttempts(photos, async (attempts) => {
      const swapped = { env: { ROWGRAFT_LIVE: attempts.backup, ROWGRAFT_BACKUP: attempts.live } }
      const before = await dumpRows(attempts.backup)
      const says = ['the backup looks newer than live', "2 of 2 sequences are ahead of live's"]
      const restore = ['restore', 'photo', '3', '--yes']
      await refuse(attempts, restore, { exit: 4, says, hint: '--backup-is-newer' }, swapped)
      expect(await dumpRows(attempts.backup)).toEqual(before)
      expect((await attempts.rowgraft([...restore, '--backup-is-newer'], swapped)).exit).toBe(0)
    })
  })

  test('are not taken for swapped when only some sequences of the backup are ahead', async () => {
    const sql = {
      ...photos,
      live: `alter sequence photo_id_seq restart; select nextval('photo_id_seq'); ${photos.live}`,
    }
    await withAttempts(
      { ...sql, live: sql.live.replace(`insert into photo (title) values ('eel');`, '') },
      async (sides) => {
        expect((await sides.rowgraft(['diff'])).exit).toBe(1)
      },
    )
  })

  test.each([
    ['django_migrations (app text, name text)', `('shop', '0002_cats')`],
    ['schema_migrations (version text)', `('20260401')`],
  ])('are refused when the backup has migrations that live lacks: %s', async (table, row) => {
    const sql = {
      schema: `${photos.schema}; create table ${table}`,
      backup: `insert into ${table.split(' ')[0]} values ${row}`,
      live: `delete from ${table.split(' ')[0]}`,
    }
    await withAttempts(sql, async (attempts) => {
      const says = ['the backup looks newer than live', '1 migrations are applied that live does not have']
      await refuse(attempts, ['diff'], { exit: 4, says, hint: '--backup-is-newer' })
      expect((await attempts.rowgraft(['diff', 'photo', '--backup-is-newer'])).exit).toBe(0)
    })
  })

  test('are compared by their sequences at any bound', async () => {
    const sequences = `
      create sequence top; select setval('top', 9223372036854775807);
      create sequence bottom increment -1 minvalue -9223372036854775808;
      select setval('bottom', -9223372036854775808)`
    await withAttempts(`${photos.schema}; ${sequences}`, async ({ rowgraft }) => {
      const { exit, stderr } = await rowgraft(['diff'])
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    })
  })

  test('are refused when they have little in common', async () => {
    const sql = {
      schema: 'create table photo (id integer primary key, title text)',
      live: 'drop table photo; create table invoice (id integer primary key, total numeric, paid boolean)',
    }
    await withAttempts(sql, async (attempts) => {
      const says = ['live and backup do not look like the same application', 'They share 0 of 2 columns.']
      await refuse(attempts, ['tables'], { exit: 4, says, hint: '--live and --backup' })
    })
  })

  test('are told apart by their schemas where only those differ, with what the config file has to say', async () => {
    const schema = `create schema backed; create type backed."Tier" as enum ('a', 'b');
      create table backed.photo (id integer primary key, title text, tier backed."Tier"); create table backed.tag (id integer primary key)`
    await withAttempts({ schema, live: 'alter schema backed rename to shop' }, async ({ rowgraft }) => {
      const { exit, stderr } = await rowgraft(['diff'])
      expect(exit).toBe(4)
      expect(stderr).toContain(
        `They share 0 of 4 columns.\n  Live's schema "shop" has 4 of the 4 columns of the backup's "backed".`,
      )
      expect(stderr.replaceAll(/\s+/g, ' ')).toContain(`export default { schemas: { backed: 'shop' } }`)
    })
  })

  test('are told apart by their tables where only those have other names', async () => {
    const live = 'alter table photo rename to picture'
    await withAttempts(
      { schema: 'create table photo (id integer primary key, title text)', live },
      async ({ rowgraft }) => {
        const { stderr } = await rowgraft(['diff'])
        expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
          `export default { tables: { 'public.photo': 'public.picture' } }`,
        )
      },
    )
  })

  test('are refused when one of them is empty', async () => {
    await withAttempts({ ...photos, live: 'drop table photo, tag' }, async (attempts) => {
      await refuse(attempts, ['tables'], { exit: 4, says: ['Live has no tables'], hint: '--live' })
      const swapped = { env: { ROWGRAFT_LIVE: attempts.backup, ROWGRAFT_BACKUP: attempts.live } }
      await refuse(attempts, ['tables'], { exit: 4, says: ['The backup has no tables'], hint: '--live' }, swapped)
    })
  })
})

describe('live that cannot be written', () => {
  test('is refused when its database is read-only', async () => {
    await withAttempts(photos, async (attempts) => {
      const { live } = attempts
      await query(
        live,
        `do $$ begin execute format('alter database %I set default_transaction_read_only = on',
        current_database()); end $$`,
      )
      await refuse(attempts, restoring, { exit: 4, says: ['live is read-only'], hint: 'may write' })
    })
  })

  test('is refused when the connection asks for it', async () => {
    await withAttempts(photos, async (attempts) => {
      const live = changeUrl(attempts.live, (url) => {
        url.search = '?options=-c%20default_transaction_read_only=on'
      })
      const options = { env: { ROWGRAFT_LIVE: live } }
      await refuse(attempts, restoring, { exit: 4, says: ['live is read-only'], hint: 'may write' }, options)
    })
  })

  test('does as the backup', async () => {
    await withAttempts(photos, async ({ rowgraft, backup }) => {
      await query(
        backup,
        `do $$ begin execute format('alter database %I set default_transaction_read_only = on',
        current_database()); end $$`,
      )
      expect((await rowgraft(restoring)).exit).toBe(0)
    })
  })
})

describe('a connection', () => {
  const wrong: readonly (readonly [string, (url: URL) => void, number, string, string])[] = [
    ['the password is wrong', (url) => (url.password = 'canary-7f3a'), 3, 'password authentication failed', 'password'],
    ['the database is unknown', (url) => (url.pathname = '/nowhere'), 3, 'does not exist', 'no database "nowhere"'],
    [
      'the role is unknown',
      (url) => (url.username = 'nobody-here'),
      3,
      'cannot connect to nobody-here@',
      'Check the user',
    ],
    ['nothing listens at the port', (url) => (url.port = '1'), 3, 'ECONNREFUSED', 'Check host and port'],
    [
      'the parameter is unknown',
      (url) => (url.search = '?sslmod=off'),
      2,
      'unknown connection parameter "sslmod"',
      'Leave it out',
    ],
    ['the sslmode is unknown', (url) => (url.search = '?sslmode=maybe'), 2, 'sslmode', 'Use one of'],
  ]

  test.each(wrong)('is refused when %s, on either side', async (_, change, exit, says, hint) => {
    await withAttempts(photos, async (attempts) => {
      for (const side of ['ROWGRAFT_LIVE', 'ROWGRAFT_BACKUP'] as const) {
        const env = { [side]: changeUrl(attempts[side === 'ROWGRAFT_LIVE' ? 'live' : 'backup'], change) }
        await refuse(attempts, restoring, { exit, says: [says], hint }, { env })
      }
    })
  })

  test.each([
    ['shop', 'neither a URL nor key=value pairs'],
    ['postgres://app@db:54x2/shop', 'the port of the URL is not a number'],
    ['postgres://app:a@b@db/shop', 'more than one @'],
    ['postgres://app@[::1/shop', 'the host of the URL is malformed'],
    ['mysql://app@db/shop', 'postgres'],
    ['host=db port', 'no "="'],
    ["host='db", 'open quote'],
    ['user=app', 'names neither a host nor a database'],
  ])('is refused when it is malformed: %s, naming the side', async (text, says) => {
    await withAttempts(photos, async (attempts) => {
      for (const side of ['live', 'backup'] as const) {
        const result = await attempts.rowgraft(['diff', `--${side}`, text])
        expectRefused(result, { exit: 2, says: [says, side] })
      }
    })
  })

  test.each([
    ['--live', 'no live database is given', 'ROWGRAFT_LIVE'],
    ['--backup', 'no backup is given', 'ROWGRAFT_BACKUP'],
  ])('is refused when %s is empty', async (flag, says, hint) => {
    await withAttempts(photos, async (attempts) => {
      for (const text of ['', '  ']) {
        expectRefused(await attempts.rowgraft(['diff', flag, text]), { exit: 2, says: [says], hint })
      }
    })
  })

  test('that is not given is refused by the public API as well', async () => {
    await withAttempts(photos, async ({ live }) => {
      await expect(open({ live: ' ' })).rejects.toMatchObject({ code: 'bad-conninfo', message: 'live is not given' })
      await expect(open({ live, backup: '' })).rejects.toMatchObject({
        code: 'bad-conninfo',
        message: 'the backup is not given',
      })
    })
  })
})

describe('a password', () => {
  const canary = 'Kanari"en\'vogel 9%'

  const withCanary = (
    attempts: Attempts,
    work: (urls: { live: string; backup: string }) => Promise<void>,
  ): Promise<void> =>
    query(attempts.live, `create role canary superuser login password '${canary.replaceAll("'", "''")}'`)
      .then(() => {
        const change = (url: URL): void => {
          url.username = 'canary'
          url.password = encodeURIComponent(canary)
        }
        return work({ live: changeUrl(attempts.live, change), backup: changeUrl(attempts.backup, change) })
      })
      .finally(() => query(attempts.live, 'drop role canary'))

  const leaks = (text: string): boolean => /kanari/i.test(text)

  test('is in no output, no plan file and no journal', async () => {
    await withAttempts(photos, async (attempts) => {
      await withCanary(attempts, async ({ live, backup }) => {
        const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup }
        const file = join(attempts.journal, 'plan.json')
        const commands = [
          ['tables', '--debug'],
          ['diff', '--rows', '--verbose'],
          ['plan', 'photo', '1', '--out', file, '--debug'],
          ['restore', file, '--yes', '--debug', '--json'],
          ['verify', '--debug'],
          ['runs', '--json'],
          ['undo', '--yes', '--verbose'],
          ['recover', '--debug'],
        ]
        for (const argv of commands) {
          const { exit, stdout, stderr } = await attempts.rowgraft(argv, { env })
          expect(exit, `${argv.join(' ')}: ${stderr}`).toBeLessThan(2)
          expect(leaks(stdout + stderr), argv.join(' ')).toBe(false)
        }
        const files = await readdir(attempts.journal, { recursive: true, withFileTypes: true })
        const written = files.filter((entry) => entry.isFile())
        expect(written.length).toBeGreaterThan(2)
        for (const entry of written) {
          expect(leaks(await readFile(join(entry.parentPath, entry.name), 'latin1')), entry.name).toBe(false)
        }
      })
    })
  })

  test('is in no error, whatever is wrong with the rest', async () => {
    await withAttempts(photos, async (attempts) => {
      await withCanary(attempts, async ({ live }) => {
        const [scheme, rest] = ['postgres://', live.slice(live.indexOf('@') + 1)]
        const encoded = encodeURIComponent(canary)
        const broken = [
          changeUrl(live, (url) => (url.pathname = '/nowhere')),
          changeUrl(live, (url) => (url.port = '1')),
          changeUrl(live, (url) => (url.username = 'nobody-here')),
          changeUrl(live, (url) => (url.search = '?application=x')),
          `${scheme}canary:${encoded}@:x/y`,
          `${scheme}canary:Kanari@en@${rest}`,
          `${scheme}canary:Kanari/en@${rest}`,
          `${scheme}canary:Kanari?en@${rest}`,
          `${scheme}canary:Kanari%zz@${rest}`,
          `host=127.0.0.1 port=1 user=canary password='Kanari\\'en' dbname=x`,
          `host=127.0.0.1 user=canary password=Kanari en dbname=x`,
          `password='Kanari`,
          'postgres//canary:Kanari@db/x',
          'postgres:/canary:Kanari@db/x',
          'canary:Kanari@db/x',
        ]
        for (const text of broken) {
          for (const flags of [[], ['--json'], ['--debug'], ['--verbose']]) {
            for (const side of ['--live', '--backup']) {
              const { exit, stdout, stderr } = await attempts.rowgraft(['diff', side, text, ...flags])
              expect([2, 3], `${text}: ${stdout}${stderr}`).toContain(exit)
              expect(leaks(stdout + stderr), text).toBe(false)
            }
          }
        }
      })
    })
  })

  test('is in no error of the public API, down to its cause', async () => {
    await withAttempts(photos, async ({ live }) => {
      const { inspect } = await import('node:util')
      const wrong = changeUrl(live, (url) => (url.password = 'Kanari'))
      const error: unknown = await open({ live: wrong }).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'authentication-failed' })
      expect(leaks(inspect(error, { depth: 12, showHidden: true }))).toBe(false)
      const rowgraft = await open({ live })
      expect(inspect(rowgraft, { depth: 12 })).not.toContain(new URL(live).password)
      await rowgraft.close()
    })
  })
})

test('a command without any database is refused before it connects', async () => {
  expectRefused(await command(['diff']), { exit: 2, says: ['no live database is given'], hint: '--live' })
})
