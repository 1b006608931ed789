import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseConninfo, resolveConninfo } from '../../../src/database/conninfo/conninfo.ts'
import { findPassword } from '../../../src/database/conninfo/pgpass.ts'

const query = { hosts: ['db1'], port: 5432, database: 'shop', user: 'app' }

describe('a password file', () => {
  test.each([
    ['db1:5432:shop:app:secret', 'secret'],
    ['*:*:*:*:secret', 'secret'],
    ['db1:5432:shop:app:one\n*:*:*:*:two', 'one'],
    ['*:*:*:*:two\ndb1:5432:shop:app:one', 'two'],
    ['# db1:5432:shop:app:no\n\ndb1:5432:shop:app:secret\r\n', 'secret'],
    ['db1:5432:shop:app:a\\:b\\\\c', 'a:b\\c'],
    ['db1:5432:shop:app:a\\\\:rest', 'a\\'],
    ['db1:5432:shop:app:secret:rest', 'secret'],
    ['db1:5432:shop:app:', undefined],
    ['db1:5432:shop:app', undefined],
    ['db2:5432:shop:app:no', undefined],
    ['db1:5433:shop:app:no', undefined],
    ['db1:5432:shop2:app:no', undefined],
    ['db1:5432:shop:ap:no', undefined],
    ['d*:5432:shop:app:no', undefined],
    ['\\*:5432:shop:app:no', undefined],
    ['*:*:*:*:x', 'x'],
    ['', undefined],
  ])('%j gives %j', (text, expected) => {
    expect(findPassword(text, query)).toBe(expected)
  })

  test('spells colons and backslashes in names with a backslash', () => {
    const odd = { hosts: ['::1'], port: 5432, database: 'a\\b', user: 'u:v' }
    expect(findPassword('\\:\\:1:5432:a\\\\b:u\\:v:secret', odd)).toBe('secret')
  })
})

describe('the password of a target', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'rowgraft-pgpass-'))
    await writeFile(join(home, '.pgpass'), 'db1:*:*:*:from-home\nlocalhost:*:*:*:from-local\n', { mode: 0o600 })
    await writeFile(join(home, 'other'), 'db1:*:*:*:from-other\n', { mode: 0o600 })
    await writeFile(join(home, 'third'), 'db1:*:*:*:from-third\n', { mode: 0o600 })
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  const resolve = async (text: string, env: Record<string, string> = {}) => {
    const target = await resolveConninfo(parseConninfo(text, env), { HOME: home, ...env })
    return { password: target.attempts[0]?.password, warnings: target.warnings }
  }
  const found = (password: string | undefined) => ({ password, warnings: [] })

  test('comes from the text, PGPASSWORD, passfile, PGPASSFILE and ~/.pgpass, in this order', async () => {
    const all = { PGPASSWORD: 'from-env', PGPASSFILE: join(home, 'other') }
    const files = { PGPASSFILE: join(home, 'other') }
    expect(await resolve('postgres://app:typed@db1/shop', all)).toEqual(found('typed'))
    expect(await resolve('postgres://app@db1/shop', all)).toEqual(found('from-env'))
    expect(await resolve(`host=db1 dbname=shop passfile=${join(home, 'third')}`, files)).toEqual(found('from-third'))
    expect(await resolve('postgres://app@db1/shop', files)).toEqual(found('from-other'))
    expect(await resolve('postgres://app@db1/shop')).toEqual(found('from-home'))
    expect(await resolve('postgres://app@db2/shop')).toEqual(found(undefined))
  })

  test('is that of localhost for the usual socket folders', async () => {
    expect(await resolve('host=/var/run/postgresql dbname=shop')).toEqual(found('from-local'))
    expect(await resolve('host=/somewhere/else dbname=shop')).toEqual(found(undefined))
  })

  test('is not taken from a file that others can read', async () => {
    await chmod(join(home, '.pgpass'), 0o640)
    const { password, warnings } = await resolve('postgres://app@db1/shop')
    expect(password).toBeUndefined()
    expect(warnings).toEqual([
      `password file "${join(home, '.pgpass')}" can be read by others; it was not used until you run: chmod 600 "${join(home, '.pgpass')}"`,
    ])
  })

  test('is not taken from a folder, nor from a missing file', async () => {
    await mkdir(join(home, 'folder'))
    expect((await resolve(`host=db1 passfile=${join(home, 'folder')}`)).warnings).toHaveLength(1)
    expect(await resolve(`host=db1 passfile=${join(home, 'missing')}`)).toEqual(found(undefined))
  })
})
