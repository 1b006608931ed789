/** Restoring as another role, with settings that triggers read: in the plan, the run, its undo, and nowhere else. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Attempts, asRole, refuse, withAttempts } from '../support/attempts.ts'
import { dumpRows, query } from '../support/queries.ts'

/** A table whose owner cannot log in, and a trigger that notes who wrote, and for whom. */
const owned = {
  schema: `
    create table photo (id integer primary key, title text);
    create table audit (photo integer, what text, who text, for_whom text);
    create function note() returns trigger language plpgsql as $$
      begin
        insert into audit values (coalesce(new.id, old.id), lower(tg_op), current_user, current_setting('app.user', true));
        return null;
      end $$;
    create trigger note after insert or delete on photo for each row execute function note();`,
  backup: `insert into photo values (1, 'cat'), (2, 'dog')`,
  live: `delete from photo; delete from audit`,
}

interface Owned extends Attempts {
  readonly owner: string
  readonly login: string
}

/** Runs `work` with a role that may log in and do nothing else, and an owner it may not become yet. */
const withOwner = (work: (owned: Owned) => Promise<void>): Promise<void> =>
  withAttempts(owned, async (attempts) => {
    const suffix = randomBytes(5).toString('hex')
    const [owner, login] = [`owner_${suffix}`, `login_${suffix}`]
    await query(attempts.live, `create role ${owner}; create role ${login} login password '${login}'`)
    for (const side of [attempts.live, attempts.backup]) {
      await query(side, `alter table photo owner to ${owner}; alter table audit owner to ${owner}`)
    }
    const env = { ...attempts.env, ROWGRAFT_LIVE: asRole(attempts.live, login) }
    await work({
      ...attempts,
      owner,
      login,
      rowgraft: (argv, options = {}) => attempts.rowgraft(argv, { ...options, env: { ...env, ...options.env } }),
    })
  })

const audit = (live: string) => query(live, 'select photo, what, who, for_whom from audit order by photo, what desc')

describe('--role', () => {
  test('is refused with the GRANT it needs, then used to read, restore, verify and undo', async () => {
    await withOwner(async (attempts) => {
      const { rowgraft, live, owner, login } = attempts
      const argv = ['restore', 'photo', '1', '--yes', '--role', owner, '--setting', 'app.user=ann']
      await refuse(attempts, ['restore', 'photo', '1', '--yes'], { exit: 4, says: ['no SELECT on it'] })
      await refuse(attempts, argv, { exit: 4, says: [`may not become role "${owner}"`, `grant ${owner} to ${login};`] })
      await query(live, `grant ${owner} to ${login}`)
      const before = await dumpRows(live, new Set(['audit.photo', 'audit.what', 'audit.who', 'audit.for_whom']))
      const { exit, stdout, stderr } = await rowgraft(argv)
      expect(exit, stdout + stderr).toBe(0)
      expect(stdout).toContain(`Runs as role ${owner}, with app.user set.`)
      expect(await audit(live)).toEqual([{ photo: '1', what: 'insert', who: owner, for_whom: 'ann' }])
      expect((await rowgraft(['verify'])).exit).toBe(0)
      expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
      expect((await audit(live)).map(({ what, who, for_whom }) => [what, who, for_whom])).toEqual([
        ['insert', owner, 'ann'],
        ['delete', owner, 'ann'],
      ])
      await query(live, 'delete from audit')
      expect(await dumpRows(live, new Set(['audit.photo', 'audit.what', 'audit.who', 'audit.for_whom']))).toEqual(
        before,
      )
    })
  })

  test('is the one whose privileges are judged', async () => {
    await withOwner(async ({ rowgraft, live, owner, login }) => {
      await query(live, `grant ${owner} to ${login}; revoke insert on photo from ${owner}`)
      const { stdout } = await rowgraft(['plan', 'photo', '1', '--role', owner, '--json'])
      expect(JSON.parse(stdout)).toMatchObject({
        error: { code: 'missing-privileges', detail: `grant insert on public.photo to ${owner};` },
      })
    })
  })

  test('is kept by a plan file, to which no other can be added', async () => {
    await withOwner(async (attempts) => {
      const { rowgraft, live, owner, login, journal } = attempts
      await query(live, `grant ${owner} to ${login}`)
      const plan = join(journal, 'plan.json')
      const made = await rowgraft(['plan', 'photo', '1', '--role', owner, '--setting', 'app.user=bob', '--out', plan])
      expect(made.exit, made.stderr).toBe(0)
      await refuse(attempts, ['restore', plan, '--yes', '--role', 'postgres'], {
        exit: 2,
        says: ['--role cannot be added'],
      })
      const { exit, stderr } = await rowgraft(['restore', plan, '--yes'])
      expect(exit, stderr).toBe(0)
      expect(await audit(live)).toEqual([{ photo: '1', what: 'insert', who: owner, for_whom: 'bob' }])
    })
  })

  test('that live does not have is a wrong name', async () => {
    await withAttempts(owned, async (attempts) => {
      await refuse(attempts, ['restore', 'photo', '1', '--yes', '--role', 'nobody'], {
        exit: 2,
        says: ['role "nobody" cannot be used on live', 'does not exist'],
      })
    })
  })
})

describe('--setting', () => {
  test.each([
    ['DateStyle=German', 'the setting "DateStyle" is pinned by rowgraft', ''],
    ['statement_timeout=0', 'is pinned by rowgraft', '--timeout'],
    ['session_replication_role=replica', 'is pinned by rowgraft', '--triggers off'],
    ['row_security=on', 'is pinned by rowgraft', ''],
    ['nonsense=1', 'live does not take the setting "nonsense"', 'app.user=restore'],
    ['=1', 'Write <name>=<value>', ''],
  ])('%s is refused', async (setting, says, hint) => {
    await withAttempts(owned, async (attempts) => {
      await refuse(attempts, ['restore', 'photo', '1', '--yes', '--setting', setting], { exit: 2, says: [says], hint })
    })
  })

  test('holds for the run alone, and may hold an equals sign', async () => {
    await withAttempts(owned, async ({ rowgraft, live }) => {
      await rowgraft(['restore', 'photo', '1', '--yes', '--setting', 'app.user=a=b'])
      expect((await audit(live)).map(({ for_whom }) => for_whom)).toEqual(['a=b'])
    })
  })
})

describe('a profile', () => {
  const withConfig = async (attempts: Attempts, config: object): Promise<string> => {
    const path = join(attempts.journal, 'config.json')
    await writeFile(path, JSON.stringify(config))
    return path
  }

  test('names both databases, and its settings win over those for all', async () => {
    await withAttempts(owned, async (attempts) => {
      const { live, backup, journal } = attempts
      const config = await withConfig(attempts, {
        settings: { 'app.user': 'everybody', 'app.other': 'x' },
        profiles: { here: { live, backup, settings: { 'app.user': 'profile' } } },
      })
      const env = { ROWGRAFT_LIVE: backup, ROWGRAFT_BACKUP: live, ROWGRAFT_JOURNAL: journal }
      const argv = ['restore', 'photo', '1', '--yes', '--config', config, '--profile', 'here', '--json']
      const { exit, stdout, stderr } = await attempts.rowgraft(argv, { env })
      expect(exit, stdout + stderr).toBe(0)
      expect((await audit(live)).map(({ for_whom }) => for_whom)).toEqual(['profile'])
      expect((await attempts.rowgraft(['verify', '--config', config, '--profile', 'here'], { env })).exit).toBe(0)
    })
  })

  test('that the config does not have is refused with those it has', async () => {
    await withAttempts(owned, async (attempts) => {
      const config = await withConfig(attempts, { profiles: { production: {}, staging: {} } })
      const argv = ['restore', 'photo', '1', '--yes', '--config', config, '--profile', 'prod']
      await refuse(attempts, argv, { exit: 2, says: ['no profile "prod"'], hint: 'production, staging' })
    })
  })
})
