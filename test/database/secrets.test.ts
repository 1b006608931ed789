/** Text of the user's that may hold a secret is not repeated, whoever says it: settings are told by their names. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { redactAddress } from '../../src/format/sanitise.ts'
import { open } from '../../src/index.ts'
import { type Attempts, changeUrl, withAttempts } from '../support/attempts.ts'
import type { CommandResult } from '../support/command.ts'
import { configure } from '../support/configs.ts'
import { gallery, pets } from '../support/restores.ts'

const secret = 's3cr%t'

/** Live refuses a row with the application's token in what it says, and where. */
const telltale = {
  ...gallery,
  live: `${gallery.live};
    create function tell() returns trigger language plpgsql as $$ begin
      raise exception 'bad token %', current_setting('app.token')
        using detail = 'it is ' || current_setting('app.token'), hint = 'not ' || current_setting('app.token');
    end $$;
    create trigger tell before insert on gallery for each row execute function tell()`,
}

const restore = ['restore', 'gallery', '7', '--yes']

const expectSilence = ({ stdout, stderr }: CommandResult, says: string): void => {
  const all = `${stdout}${stderr}`
  expect(all).not.toContain(secret)
  expect(all).not.toContain(encodeURIComponent(secret))
  // JSON escapes quotes.
  expect(all.replaceAll('\\', '').replace(/\s+/g, ' ')).toContain(says)
}

/** Runs a command as people and programs do, looking as close as they can. */
const inAllWays = async (
  { rowgraft }: Attempts,
  argv: readonly string[],
  {
    exit,
    says,
    env = {},
  }: { readonly exit: number; readonly says: string; readonly env?: Readonly<Record<string, string>> },
): Promise<void> => {
  for (const flag of ['--quiet', '--verbose', '--debug', '--json']) {
    const result = await rowgraft([...argv, flag], { env })
    expect({ flag, exit: result.exit, told: result.stdout + result.stderr }).toMatchObject({ flag, exit })
    expectSilence(result, says)
  }
}

const withOptions = (url: string, options: string): string =>
  changeUrl(url, (changed) => {
    // Not by searchParams, which writes a blank as a plus sign.
    changed.search = `?options=${encodeURIComponent(options)}`
  })

describe.concurrent('the value of a setting', () => {
  test('is not repeated where live does not take it', async () => {
    await withAttempts(gallery, async (attempts) => {
      const says = 'live does not take the setting'
      await inAllWays(attempts, [...restore, '--setting', `work_mem=${secret}`], { exit: 2, says })
    })
  })

  test('of one character is not repeated either', async () => {
    await withAttempts(gallery, async ({ rowgraft }) => {
      const { stderr } = await rowgraft([...restore, '--setting', 'work_mem=x'])
      expect(stderr).toContain('invalid value for parameter "work_mem": "***"')
    })
  })

  test('is not repeated where a trigger says it', async () => {
    await withAttempts(telltale, async (attempts) => {
      await inAllWays(attempts, [...restore, '--setting', `app.token=${secret}`], { exit: 5, says: 'bad token ***' })
    })
  })

  test('of a profile is not repeated', async () => {
    await withAttempts(telltale, async (attempts) => {
      const config = await configure(attempts, { profiles: { here: { settings: { 'app.token': secret } } } })
      await inAllWays(attempts, [...restore, ...config, '--profile', 'here'], { exit: 5, says: 'bad token ***' })
    })
  })

  test('stands in no plan that is read, and in no report', async () => {
    await withAttempts(gallery, async ({ rowgraft, journal }) => {
      const argv = ['gallery', '7', '--setting', `app.token=${secret}`]
      const path = join(journal, 'plan.json')
      expectSilence(await rowgraft(['plan', ...argv, '--out', path]), 'Sets app.token on live.')
      expectSilence(await rowgraft(['show', path]), 'Sets app.token on live.')
      expectSilence(await rowgraft(['restore', path, '--yes', '--debug']), 'committed')
      expectSilence(await rowgraft(['undo', '--yes', '--debug']), 'committed')
    })
  })

  test('is not repeated where a plan was made with another one', async () => {
    await withAttempts(gallery, async ({ live, backup, journal }) => {
      const made = await open({ live, backup, journal, env: {}, config: { settings: { 'app.token': secret } } })
      const plan = await made.plan(pets)
      await made.close()
      const other = await open({ live, backup, journal, env: {} })
      const error = await other.run(plan).catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        code: 'usage',
        detail: 'It was made for the role that connects, with app.token set.',
      })
      await other.close()
    })
  })

  test('is not repeated by the cause of an error, which programs see', async () => {
    await withAttempts(telltale, async ({ live, backup, journal }) => {
      const rowgraft = await open({ live, backup, journal, env: {}, config: { settings: { 'app.token': secret } } })
      const error = await rowgraft.run(await rowgraft.plan(pets)).catch((reason: unknown) => reason)
      const { cause } = error as { cause: Error }
      expect(`${cause.message} ${cause.stack} ${JSON.stringify(cause)}`).not.toContain(secret)
      expect(cause.message).toContain('bad token ***')
      await rowgraft.close()
    })
  })

  test.each([
    [['--setting', secret], 'has no name'],
    [[`--settings=app.token=${secret}`], 'unknown option "--settings"'],
  ])('is not repeated where the flag is mistyped: %s', async (flags, says) => {
    await withAttempts(gallery, async (attempts) => {
      await inAllWays(attempts, [...restore, ...flags], { exit: 2, says })
    })
  })

  test('is not repeated where the config file is not JSON', async () => {
    await withAttempts(gallery, async (attempts) => {
      const path = join(attempts.journal, 'config.json')
      await writeFile(path, `{"settings": {"app.token": ${secret}}}`)
      await inAllWays(attempts, [...restore, '--config', path], { exit: 2, says: 'It is not JSON' })
    })
  })
})

describe.concurrent('options of a connection string', () => {
  test.each([
    [
      'a setting that the server does not take',
      `-c work_mem=${secret}`,
      'invalid value for parameter "work_mem": "***"',
    ],
    ['a long flag', `--work-mem=${secret}`, 'invalid value for parameter "work_mem": "***"'],
    ['a word that is no option', `${secret}`, 'invalid command-line argument'],
  ])('are not repeated by the server: %s', async (_, options, says) => {
    await withAttempts(gallery, async (attempts) => {
      const env = { ROWGRAFT_LIVE: withOptions(attempts.live, options) }
      await inAllWays(attempts, restore, { exit: 3, says, env })
    })
  })

  test('are not repeated where they come from PGOPTIONS', async () => {
    await withAttempts(gallery, async (attempts) => {
      const says = 'invalid value for parameter "work_mem": "***"'
      await inAllWays(attempts, restore, { exit: 3, says, env: { PGOPTIONS: `-c work_mem=${secret}` } })
    })
  })

  test('are not repeated where a trigger says them', async () => {
    await withAttempts(telltale, async (attempts) => {
      const env = { ROWGRAFT_LIVE: withOptions(attempts.live, `-c app.token=${secret}`) }
      await inAllWays(attempts, restore, { exit: 5, says: 'bad token ***', env })
    })
  })

  test('of the backup are not repeated either', async () => {
    await withAttempts(gallery, async (attempts) => {
      const env = { ROWGRAFT_BACKUP: withOptions(attempts.backup, `-c work_mem=${secret}`) }
      await inAllWays(attempts, restore, { exit: 3, says: 'invalid value', env })
    })
  })
})

test.each([
  [
    `postgres://app:pw@db1/shop?options=-c%20app.token%3Ds3cret&sslmode=require`,
    'postgres://app:***@db1/shop?options=***&sslmode=require',
  ],
  [`host=db1 options='-c app.token=s3cret' password=pw dbname=shop`, 'host=db1 options=*** password=*** dbname=shop'],
  ['postgres://app@db1/shop', 'postgres://app@db1/shop'],
  ['shop.dump', 'shop.dump'],
])('the screen shows %s without what may be a secret', (address, shown) => {
  expect(redactAddress(address)).toBe(shown)
})
