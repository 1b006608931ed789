/** SQL and commands of the config file around a run: inside its transaction, or once it is committed. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Attempts, refuse, withAttempts } from '../support/attempts.ts'
import { configure } from '../support/configs.ts'
import { dumpRows, query } from '../support/queries.ts'
import { gallery } from '../support/restores.ts'

const noted = {
  ...gallery,
  schema: `${gallery.schema} create table note (n serial, text text, galleries bigint, role text);
    create procedure ends() language plpgsql as $$ begin commit; end $$;`,
}

const orphan = {
  schema: `create table p (id integer primary key); create table c (id integer primary key, p integer references p, day date)`,
  backup: `insert into p values (1); insert into c values (1, 1, '2026-02-01')`,
  live: 'delete from c',
}

/** Notes that it ran, and how many galleries it saw. */
const note = (text: string): string =>
  `insert into note (text, galleries, role)
   select '${text}', count(*), current_setting('session_replication_role') from gallery`

const notes = (live: string) => query(live, 'select text, galleries, role from note order by n')

const restore = ['restore', 'gallery', '7', '--yes']

const withHooks = (hooks: object, work: (attempts: Attempts, config: readonly string[]) => Promise<void>) =>
  withAttempts(noted, async (attempts) => work(attempts, await configure(attempts, { hooks })))

describe('SQL before and after the writes', () => {
  const hooks = { before: [`${note('before')}; select 1 / 1`, note('second')], after: `${note("it''s done")}` }

  test('runs inside the transaction, also in a rehearsal, which leaves nothing of it', async () => {
    await withHooks(hooks, async ({ rowgraft, live }, config) => {
      const before = await dumpRows(live)
      const rehearsed = await rowgraft([...restore, ...config, '--rehearse'])
      expect(rehearsed.exit, rehearsed.stderr).toBe(0)
      expect(rehearsed.stdout).toContain('Before it writes, runs: insert into note')
      expect(await dumpRows(live)).toEqual(before)
      const { exit, stdout, stderr } = await rowgraft([...restore, ...config])
      expect(exit, stderr).toBe(0)
      expect(await notes(live)).toEqual([
        { text: 'before', galleries: '2', role: 'origin' },
        { text: 'second', galleries: '2', role: 'origin' },
        { text: "it's done", galleries: '3', role: 'origin' },
      ])
      expect(stdout.replace(/\s+/g, ' ')).toContain('what the before SQL of the config file changed stays')
      expect((await rowgraft(['undo', '--yes', ...config])).exit, 'an undo runs none').toBe(0)
      expect(await notes(live)).toHaveLength(3)
    })
  })

  test('runs with triggers and foreign keys at work although the writes do without', async () => {
    await withHooks({ after: note('after') }, async ({ rowgraft, live }, config) => {
      const { exit, stderr } = await rowgraft([...restore, ...config, '--triggers', 'off'])
      expect(exit, stderr).toBe(0)
      expect(await notes(live)).toEqual([{ text: 'after', galleries: '3', role: 'origin' }])
    })
  })

  test.each([
    ['commit', 'may not begin, commit or roll back'],
    ['commit; begin', 'may not begin, commit or roll back'],
    ['rollback', 'may not begin, commit or roll back'],
    ['savepoint a', 'may not begin, commit or roll back'],
    ['begin', 'may not begin, commit or roll back'],
    ['call ends()', 'may not begin, commit or roll back'],
    [`select 'a' / 2`, 'the after SQL of the config file failed'],
    ['nonsense', 'syntax error'],
    [`'; end; commit; do $$ begin null`, 'the after SQL of the config file failed'],
    ['alter table comment add extra text', 'altered table "public.comment"'],
    ['drop table photo cascade', 'dropped table "public.photo"'],
    ['set local role pg_read_all_data', 'became role "pg_read_all_data"'],
    [`update gallery set title = 'x' where id = 7`, 'The after SQL of the config file ran before this was verified'],
    ['delete from gallery where id = 7', 'The after SQL of the config file ran before this was verified'],
  ])('that says %s leaves live as it was', async (after, says) => {
    await withHooks({ after }, async (attempts, config) => {
      await refuse(attempts, [...restore, ...config], { exit: 5, says: [says] })
    })
  })

  test('that sets what is pinned, or switches constraints off, changes nothing for the run', async () => {
    const before = `set local session_replication_role = replica; set local datestyle = 'German'; set local search_path = nowhere`
    await withAttempts(orphan, async (attempts) => {
      const config = await configure(attempts, { hooks: { before } })
      const { exit, stderr } = await attempts.rowgraft(['restore', 'c', '1', '--yes', ...config])
      expect(exit, stderr).toBe(0)
      await query(attempts.live, 'delete from c')
      const more = await configure(attempts, { hooks: { before: `${before}; delete from public.p` } })
      const refused = { exit: 5, says: ['foreign key'] }
      await refuse(attempts, ['restore', 'c', '1', '--yes', ...more], refused)
    })
  })

  test('may switch a trigger off for the writes, and on again', async () => {
    const stamped = {
      ...noted,
      live: `${noted.live}; create function stamp() returns trigger language plpgsql as $$ begin new.body := 'x'; return new; end $$;
        create trigger stamp before insert on comment for each row execute function stamp()`,
    }
    const alter = (how: string): string => `alter table comment ${how} trigger stamp`
    await withAttempts(stamped, async (attempts) => {
      const config = await configure(attempts, { hooks: { before: alter('disable'), after: alter('enable') } })
      const { exit, stderr } = await attempts.rowgraft([...restore, ...config])
      expect(exit, stderr).toBe(0)
      expect((await attempts.rowgraft(['undo', '--yes'])).exit).toBe(0)
      const half = await configure(attempts, { hooks: { before: alter('disable') } })
      await refuse(attempts, [...restore, ...half], { exit: 5, says: ['altered table "public.comment"'] })
    })
  })

  test('in a plan file runs only where the config says the same', async () => {
    await withHooks(hooks, async (attempts, config) => {
      const plan = join(attempts.journal, 'plan.json')
      expect((await attempts.rowgraft(['plan', 'gallery', '7', '--out', plan, ...config])).exit).toBe(0)
      await refuse(attempts, ['restore', plan, '--yes'], { exit: 4, says: ['made with other before SQL'] })
      const other = await configure(attempts, { hooks: { ...hooks, after: note('other') } })
      await refuse(attempts, ['restore', plan, '--yes', ...other], { exit: 4, says: ['made with other after SQL'] })
      expect(
        (await attempts.rowgraft(['restore', plan, '--yes', ...(await configure(attempts, { hooks }))])).exit,
      ).toBe(0)
    })
  })
})

test('a role that always switches triggers off does not keep a run from checking foreign keys', async () => {
  await withAttempts(orphan, async (attempts) => {
    const name = new URL(attempts.live).pathname.slice(1)
    await query(attempts.live, `alter database ${name} set session_replication_role = replica; delete from p`)
    const { exit, stderr } = await attempts.rowgraft(['restore', 'c', '1', '--yes', '--without', 'p'])
    expect(exit, stderr).not.toBe(0)
    expect(await query(attempts.live, 'select from c')).toEqual([])
  })
})

describe('commands once committed', () => {
  test('are told the run and where its report is, and not run by a rehearsal or a refusal', async () => {
    const committed = 'cp "$ROWGRAFT_REPORT" "$TARGET" && echo "$ROWGRAFT_RUN $ROWGRAFT_UNDOES" >> "$TARGET.runs"'
    await withHooks({ committed }, async ({ rowgraft, journal, env }, config) => {
      const target = join(journal, 'copied')
      const options = { env: { ...env, TARGET: target } }
      expect((await rowgraft([...restore, ...config, '--rehearse'], options)).exit).toBe(0)
      await expect(readFile(target)).rejects.toThrow('ENOENT')
      const { exit, stdout } = await rowgraft([...restore, ...config, '--json'], options)
      const { run } = JSON.parse(stdout) as { run: string }
      expect({ exit, report: JSON.parse(await readFile(target, 'utf8')) }).toEqual({
        exit: 0,
        report: expect.objectContaining({ v: 1, run, outcome: 'committed', verified: true }),
      })
      expect((await rowgraft(['undo', '--yes', ...config], options)).exit).toBe(0)
      expect((await readFile(`${target}.runs`, 'utf8')).split('\n')).toEqual([
        `${run} `,
        expect.stringMatching(new RegExp(`^\\w{5} ${run}$`)),
        '',
      ])
    })
  })

  test('that fail are told with what they printed; the run stays, and the exit code is 7', async () => {
    await withHooks({ committed: ['echo first; echo second >&2; exit 3', 'true'] }, async ({ rowgraft }, config) => {
      const { exit, stdout } = await rowgraft([...restore, ...config])
      expect(exit).toBe(7)
      const words = stdout.replace(/\s+/g, ' ')
      expect(words).toContain('committed.')
      expect(words).toContain(
        'a command of the config file failed (exit 3): echo first; echo second >&2; exit 3 first second',
      )
      expect((await rowgraft(['verify'])).exit).toBe(0)
    })
  })
})
