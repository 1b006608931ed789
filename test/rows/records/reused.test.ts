import { describe, expect, test } from 'vitest'

import { withAttempts } from '../../support/attempts.ts'

const columns = 'slug text unique, created_at timestamptz, a text, b text, c text'

/** What the diff calls a row of which these columns differ, in a table made by `table`. */
const stateAfter = (changed: readonly string[], table = `id integer primary key, ${columns}`): Promise<string> =>
  withAttempts(
    {
      schema: `create table t (${table})`,
      backup: `insert into t (id) values (1); ${table.includes('slug') ? `update t set slug = 'old', a = 'a', b = 'b', c = 'c'` : ''}`,
      live: changed.map((name) => `update t set ${name} = ${name === 'created_at' ? 'now()' : `'new'`}`).join(';'),
    },
    async ({ rowgraft }) => {
      const { stdout } = await rowgraft(['diff', 't', '--rows', '--format', 'ndjson'])
      return (JSON.parse(stdout || '{"state":"same"}') as { state: string }).state
    },
  )

describe('a row of the same key', () => {
  test.each([
    [['a'], 'changed'],
    [['a', 'b', 'c'], 'changed'],
    [['slug'], 'changed'],
    [['slug', 'a'], 'changed'],
    [['slug', 'a', 'b', 'c'], 'reused'],
    [['created_at'], 'reused'],
    [[], 'same'],
  ])('with other values in %j is %s', async (changed, state) => {
    expect(await stateAfter(changed)).toBe(state)
  })

  test('of a table without another unique key is changed, however much of it differs', async () => {
    expect(await stateAfter(['slug', 'a', 'b', 'c'], 'id integer primary key, slug text, a text, b text, c text')).toBe(
      'changed',
    )
  })

  test('of a table of nothing but a key and when it was made is another record, listed or counted', async () => {
    const table = 'id integer primary key, created_at timestamptz'
    expect(await stateAfter(['created_at'], table)).toBe('reused')
    await withAttempts(
      {
        schema: `create table t (${table})`,
        backup: `insert into t values (1, '2020-01-01')`,
        live: 'update t set created_at = now()',
      },
      async ({ rowgraft }) => {
        const { stdout } = await rowgraft(['diff', 't', '--json'])
        expect(JSON.parse(stdout)).toMatchObject({ tables: [{ reused: 1, changed: 0 }] })
      },
    )
  })
})
