import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Attempts, changeUrl, expectRefused, withAttempts } from '../support/attempts.ts'
import { query } from '../support/queries.ts'

const schema = 'create table photo (id integer primary key, title text)'

/** Live is a database that stores text as LATIN1. */
const withLatin1 = (work: (attempts: Attempts) => Promise<void>): Promise<void> =>
  withAttempts(
    { schema, backup: `insert into photo values (1, 'café'), (2, '😀'), (3, 'crème')` },
    async (attempts) => {
      const name = `latin1_${randomBytes(5).toString('hex')}`
      await query(attempts.backup, `create database ${name} template template0 encoding 'LATIN1' locale 'C'`)
      const live = changeUrl(attempts.live, (url) => {
        url.pathname = `/${name}`
      })
      try {
        await query(live, `${schema}; insert into photo values (3, 'crème')`)
        const env = { ...attempts.env, ROWGRAFT_LIVE: live }
        await work({
          ...attempts,
          live,
          env,
          rowgraft: (argv) => attempts.rowgraft(argv, { env }),
        })
      } finally {
        await query(attempts.backup, `drop database ${name} with (force)`)
      }
    },
  )

test('rows come back into a database of another encoding, are compared, and taken back', () =>
  withLatin1(async ({ rowgraft, live }) => {
    const diff = await rowgraft(['diff', '--json'])
    expect(JSON.parse(diff.stdout)).toMatchObject({ tables: [{ missing: 2, changed: 0, extra: 0 }] })
    expect((await rowgraft(['restore', 'photo', '1', '--yes'])).exit).toBe(0)
    expect(await query(live, 'select title from photo order by id')).toEqual([{ title: 'café' }, { title: 'crème' }])
    expect((await rowgraft(['verify'])).exit).toBe(0)
    expect((await rowgraft(['undo', '--yes'])).exit).toBe(0)
  }))

test('a text that the encoding of live cannot spell stops the run', () =>
  withLatin1(async ({ rowgraft, live }) => {
    const result = await rowgraft(['restore', 'photo', '1', '2', '--yes'])
    expectRefused(result, { exit: 5, says: ['has no equivalent in encoding "LATIN1"'], hint: '--set' })
    expect(await query(live, 'select id from photo')).toEqual([{ id: '3' }])
  }))
