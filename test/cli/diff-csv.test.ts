import { expect, test } from 'vitest'
import { withAttempts } from '../support/attempts.ts'

test('rows as CSV have keys that can be typed again, and values', async () => {
  const schema = `create table t (code text primary key, title text);
    insert into t values ('=1+1', 'gone'), ('-x', 'old'), ('@home', 'same')`
  const live = `delete from t where code = '=1+1'; update t set title = 'new' where code = '-x'`
  await withAttempts({ schema, live }, async ({ rowgraft }) => {
    const { stdout } = await rowgraft(['diff', 't', '--rows', '--format', 'csv'])
    const [head, ...rows] = stdout.trimEnd().split('\n')
    expect(head).toBe('table,state,key,columns,backup,live')
    expect(rows.sort()).toEqual([
      'public.t,changed,-x,title,"{""code"":""-x"",""title"":""old""}","{""code"":""-x"",""title"":""new""}"',
      'public.t,missing,=1+1,,"{""code"":""=1+1"",""title"":""gone""}",',
    ])
    expect((await rowgraft(['restore', 't', '--yes', '--', '=1+1'])).exit).toBe(0)
  })
})
