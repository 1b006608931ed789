import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Conninfo,
  parseConninfo,
  redactSecrets,
  resolveConninfo,
} from '../../../src/database/conninfo/conninfo.ts'
import { RowgraftError } from '../../../src/errors.ts'

const pick = (conninfo: Conninfo) => ({
  host: conninfo.host,
  port: conninfo.port,
  database: conninfo.database,
  user: conninfo.user,
  password: conninfo.password,
})

const refusal = (text: string, env: Record<string, string> = {}): RowgraftError => {
  try {
    parseConninfo(text, env)
  } catch (error) {
    if (error instanceof RowgraftError) return error
    throw error
  }
  throw new Error('the text was accepted')
}

const full = { host: 'db1', port: 6543, database: 'shop', user: 'app', password: 'secret' }
const bare = { host: undefined, port: 5432, database: undefined, user: undefined, password: undefined }

describe('a URL', () => {
  test.each([
    ['postgres://app:secret@db1:6543/shop', full],
    ['postgresql://app:secret@db1:6543/shop', full],
    ['  postgres://app:secret@db1:6543/shop\n', full],
    ['postgres://db1/shop', { ...bare, host: 'db1', database: 'shop' }],
    ['postgres://db1', { ...bare, host: 'db1' }],
    ['postgres:///shop', { ...bare, database: 'shop' }],
    ['postgres://app@/shop', { ...bare, user: 'app', database: 'shop' }],
    ['postgres://app:@db1/shop', { ...bare, user: 'app', host: 'db1', database: 'shop' }],
    ['postgres://[::1]:6543/shop', { ...bare, host: '::1', port: 6543, database: 'shop' }],
    ['postgres://[2001:db8::7]/shop', { ...bare, host: '2001:db8::7', database: 'shop' }],
    ['postgres:///shop?host=/run/pg&port=6543', { ...bare, host: '/run/pg', port: 6543, database: 'shop' }],
    ['postgres://%2Frun%2Fpg/shop', { ...bare, host: '/run/pg', database: 'shop' }],
    ['postgres://db0:1/no?host=db1&port=6543&dbname=shop&user=app&password=secret', full],
    [
      'postgres://u%40x:p%40%3A%2F%25%27%22%20%5C@db1/a%2Fb',
      { ...bare, host: 'db1', database: 'a/b', user: 'u@x', password: 'p@:/%\'" \\' },
    ],
    [
      'postgres://app:a:b?c#d&e=f@db1/shop',
      { ...bare, host: 'db1', database: 'shop', user: 'app', password: 'a:b?c#d&e=f' },
    ],
    ['postgres://app:a+b@db1/caf%C3%A9', { ...bare, host: 'db1', database: 'café', user: 'app', password: 'a+b' }],
  ])('%s is read', (text, expected) => {
    expect(pick(parseConninfo(text, {}))).toEqual(expected)
  })

  test('ssl=true is what JDBC writes for sslmode=require', () => {
    expect(parseConninfo('postgres://db1/shop?ssl=true', {}).tls.mode).toBe('require')
  })

  test.each([
    ['postgres://app:pa@ss@db1/shop', 'the URL has more than one @ before its host'],
    ['postgres://app:pa/ss@db1/shop', 'the port of the URL is not a number'],
    ['postgres://app:12/ss@db1/shop', 'the URL has an @ after its first /'],
    ['postgres://app:pa%zz@db1/shop', 'the password of the URL has a bad % escape'],
    ['postgres://app:pa%00@db1/shop', 'the password of the URL contains %00'],
    ['postgres://[::1/shop', 'the host of the URL is malformed'],
    ['postgres://[]/shop', 'the host of the URL is malformed'],
    ['postgres://db1:port/shop', 'the port of the URL is not a number'],
    ['postgres://db1:0/shop', '"port" is not a number from 1 to 65535'],
    ['postgres://db1:70000/shop', '"port" is not a number up to 65535'],
    ['postgres://db1,db2/shop', 'the connection string names several hosts'],
    ['postgres://db1:1,db2:2/shop', 'the connection string names several hosts'],
    ['postgres:///shop?host=db1,db2', 'the connection string names several hosts'],
    ['postgres://db1/shop?sslmod=require', 'unknown connection parameter "sslmod"'],
    ['postgres://db1/shop?sslmode', 'a query parameter of the URL has no "="'],
    ['postgres://db1/shop?sslmode=on', '"sslmode" has an unknown value'],
    ['postgres://db1/shop?connect_timeout=soon', '"connect_timeout" is not a number up to 2000000'],
    ['postgres://db1/shop?hostaddr=db2', '"hostaddr" is not an IP address'],
    ['postgres://db1/shop?require_auth=scram-sha-256', '"require_auth" is not supported here'],
    ['postgres://db1/shop?target_session_attrs=standby', '"target_session_attrs" is not supported here'],
    ['postgres://db1/shop?service=prod', 'service files are not supported yet'],
    ['postgres://', 'the connection string names neither a host nor a database'],
    ['postgres://app@', 'the connection string names neither a host nor a database'],
    ['mysql://app@db1/shop', '"mysql://" is not a PostgreSQL URL'],
    ['jdbc:postgresql://db1/shop', '"jdbc:postgresql://" is not a PostgreSQL URL'],
    ['postgresql+psycopg2://db1/shop', '"postgresql+psycopg2://" is not a PostgreSQL URL'],
  ])('%s is refused', (text, message) => {
    const error = refusal(text)
    expect({ code: error.code, message: error.message }).toEqual({ code: 'bad-conninfo', message })
  })
})

describe('key=value pairs', () => {
  test.each([
    ['host=db1 port=6543 dbname=shop user=app password=secret', full],
    [" host = db1\tport =6543\ndbname= shop user='app' password = 'secret' ", full],
    ["host=db1 password='it''s'", undefined],
    ["dbname='a b' password='p@:/% \\' \\\\ \"'", { ...bare, database: 'a b', password: 'p@:/% \' \\ "' }],
    ["dbname=a\\ b password=p\\\\q\\'r", { ...bare, database: 'a b', password: "p\\q'r" }],
    ["dbname=shop password=it's=fine", { ...bare, database: 'shop', password: "it's=fine" }],
    ["dbname=shop password=''", { ...bare, database: 'shop' }],
    ["dbname='sh'user='app'", { ...bare, database: 'sh', user: 'app' }],
    ['dbname=one dbname=shop', { ...bare, database: 'shop' }],
    ['dbname=shop password=\\', { ...bare, database: 'shop' }],
    ['dbname=shop\u00a0x', { ...bare, database: 'shop\u00a0x' }],
    ['host=::1 dbname=shop', { ...bare, host: '::1', database: 'shop' }],
  ])('%j is read', (text, expected) => {
    if (expected === undefined) expect(refusal(text).code).toBe('bad-conninfo')
    else expect(pick(parseConninfo(text, {}))).toEqual(expected)
  })

  test.each([
    ['host=db1 dbname', 'parameter 2 of the connection string has no "="'],
    ['=x', 'parameter 1 of the connection string has no "="'],
    ["dbname='shop", 'parameter 1 of the connection string has an open quote'],
    ["dbname='shop\\'", 'parameter 1 of the connection string has an open quote'],
    ['dbname=shop ap=x', 'unknown connection parameter "ap"'],
    ['HOST=db1', 'unknown connection parameter "HOST"'],
    ['dbname=shop password=two words=x', 'parameter 3 of the connection string has no proper name'],
    ['dbname=shop p!q=x', 'parameter 2 of the connection string has no proper name'],
    ['user=app', 'the connection string names neither a host nor a database'],
    ['service=prod', 'service files are not supported yet'],
    ['shop', 'the connection string is neither a URL nor key=value pairs'],
  ])('%s is refused', (text, message) => {
    const error = refusal(text)
    expect({ code: error.code, message: error.message }).toEqual({ code: 'bad-conninfo', message })
  })

  test('any value comes through its quoted spelling', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(value, value, (database, password) => {
        const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
        const read = parseConninfo(`dbname=${quote(database)} password=${quote(password)}`, {})
        expect([read.database, read.password]).toEqual([database, password])
        const url = `postgres://u:${encodeURIComponent(password)}@h/${encodeURIComponent(database)}`
        const fromUrl = parseConninfo(url, {})
        expect([fromUrl.database, fromUrl.password]).toEqual([database, password])
      }),
    )
  })
})

test('an empty text is refused with the flags that name a side, whatever the environment holds', () => {
  const error = refusal(' \n', { PGHOST: 'db1', PGDATABASE: 'shop' })
  expect(error.code).toBe('bad-conninfo')
  expect(error.hint).toContain('--live')
  expect(error.hint).toContain('--backup')
})

describe('the environment', () => {
  const env = { PGHOST: 'db1', PGPORT: '6543', PGDATABASE: 'shop', PGUSER: 'app', PGPASSWORD: 'secret' }

  test('fills gaps', () => {
    expect(pick(parseConninfo('dbname=shop', env))).toEqual(full)
    expect(pick(parseConninfo('postgres://db1', env))).toEqual(full)
  })

  test('never overrides what the text says', () => {
    expect(pick(parseConninfo('postgres://me:mine@db2:1/mine', env))).toEqual({
      host: 'db2',
      port: 1,
      database: 'mine',
      user: 'me',
      password: 'mine',
    })
  })

  test('counts as unset where it is empty', () => {
    expect(pick(parseConninfo('dbname=shop', { PGHOST: '', PGPORT: '', PGSSLMODE: '' })).host).toBeUndefined()
  })

  test('does not lead away from a host that the text names', () => {
    expect(parseConninfo('host=db2 dbname=shop', { PGHOSTADDR: '10.0.0.9' }).hostaddr).toBeUndefined()
    expect(parseConninfo('hostaddr=10.0.0.2 dbname=shop', { PGHOST: 'db1' }).host).toBeUndefined()
  })

  test('cannot choose a database by a service unless the text already names one', () => {
    expect(refusal('dbname=shop', { PGSERVICE: 'prod' }).message).toBe(
      'PGSERVICE is set, and service files are not supported yet',
    )
    expect(parseConninfo('host=db1 dbname=shop', { PGSERVICE: 'prod' }).host).toBe('db1')
  })

  test('is refused where it asks for what cannot be honoured', () => {
    expect(refusal('dbname=shop', { PGREQUIREAUTH: 'scram-sha-256' }).message).toBe(
      'the variable PGREQUIREAUTH is not supported here',
    )
  })

  test.each([
    ['', 0],
    ['0', 0],
    ['-1', 0],
    ['1', 2000],
    ['10', 10_000],
  ])('connect_timeout %j waits %d ms', (value, expected) => {
    expect(parseConninfo('dbname=shop', { PGCONNECT_TIMEOUT: value }).connectTimeoutMs).toBe(expected)
  })
})

test('no refusal repeats a password', () => {
  const canary = 'cAnArY'
  const texts = [
    `postgres://app:${canary}@x@db1/shop`,
    `postgres://app:${canary}/x@db1/shop`,
    `postgres://app:12/${canary}@db1/shop`,
    `postgres://app:${canary}%zz@db1/shop`,
    `postgres://app:x@y:${canary}@db1/shop`,
    `postgres://app:${canary}@db1:port/shop`,
    `postgres://app:${canary}@db1/shop?nope=1`,
    `postgres://app:${canary}@db1,db2/shop`,
    `postgres://app:x?${canary}=1`,
    `mysql://app:${canary}@db1/shop`,
    `dbname=shop password=x ${canary}=1`,
    `dbname=shop password=x ${canary}`,
    `dbname=shop password='${canary}`,
    `dbname=shop password=${canary} nope=1`,
    canary,
  ]
  for (const text of texts) {
    const error = refusal(text)
    expect(`${error.message} ${error.detail} ${error.hint} ${error.stack}`).not.toContain(canary)
  }
})

describe('a target', () => {
  let home: string
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'rowgraft-conninfo-'))
  })
  afterAll(() => rm(home, { recursive: true, force: true }))
  const resolve = (text: string) => resolveConninfo(parseConninfo(text, {}), { HOME: home })

  test.each([
    ['postgres://app:secret@db1/shop', 'app@db1/shop'],
    ['postgres://app:secret@db1:6543/shop', 'app@db1:6543/shop'],
    ['postgres://app@[::1]:6543/shop', 'app@[::1]:6543/shop'],
    ['host=/run/pg user=app dbname=shop', 'app@[local]/shop'],
    ['hostaddr=10.0.0.2 user=app dbname=shop', 'app@10.0.0.2/shop'],
  ])('%s is shown as %s', async (text, label) => {
    expect((await resolve(text)).label).toBe(label)
  })

  test('has the system user for a user, and the user for a database', async () => {
    const { user, database } = await resolve('host=db1')
    expect({ user, database }).toEqual({ user: userInfo().username, database: userInfo().username })
  })

  test('connects to hostaddr and is known by host', async () => {
    const { host, attempts } = await resolve('host=db1 hostaddr=10.0.0.2 dbname=shop user=app')
    expect({ host, addresses: attempts.map((attempt) => attempt.host) }).toEqual({
      host: 'db1',
      addresses: ['10.0.0.2', '10.0.0.2'],
    })
  })

  test('names its password as a secret, in every spelling', async () => {
    const { secrets } = await resolve("host=db1 user=app dbname=shop password='p @\\''")
    expect(secrets).toEqual(["p @'", "p%20%40'", "p @\\'"])
  })

  test('has no password unless one was given', async () => {
    const { attempts, secrets } = await resolve('postgres://app@db1/shop?sslmode=disable')
    expect(attempts).toEqual([
      { host: 'db1', port: 5432, database: 'shop', user: 'app', password: undefined, ssl: false },
    ])
    expect(secrets).toEqual([])
  })
})

describe('redact', () => {
  test.each([
    ['cannot open postgres://app:secret@db1/shop', 'cannot open postgres://app:***@db1/shop'],
    ['postgres://app:p@ss/w:rd@db1/shop', 'postgres://app:***@db1/shop'],
    ['postgres://app@db1/shop', 'postgres://app@db1/shop'],
    ['host=db1 password=secret user=app', 'host=db1 password=*** user=app'],
    ["host=db1 password = 'two \\' words' user=app", 'host=db1 password = *** user=app'],
    ['PGPASSWORD=secret psql', 'PGPASSWORD=*** psql'],
    ['sslpassword=secret', 'sslpassword=***'],
    ['the key hunter2 and hunter2%21', 'the key *** and ***'],
    ['no secrets here', 'no secrets here'],
  ])('%s', (text, expected) => {
    expect(redactSecrets(text, ['hunter2', 'hunter2%21', 'e'])).toBe(expected)
  })
})
