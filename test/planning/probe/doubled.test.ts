import { expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { query } from '../../support/queries.ts'
import { withRestores } from '../../support/restores.ts'

const setReady = (isReady: boolean): string =>
  `update pg_index set indisready = ${isReady} where indexrelid = 'photo_pkey'::regclass`

test('a row that the backup has twice under one key, past a broken index, is refused by name', () =>
  withRestores(
    {
      schema: 'create table photo (id integer primary key, title text)',
      backup: `insert into photo values (7, 'pets'), (8, 'sea')`,
      live: 'delete from photo',
    },
    async ({ backup, env }) => {
      await query(backup, setReady(false))
      await query(backup, `insert into photo values (7, 'ghost')`)
      await query(backup, setReady(true))
      await query(backup, 'analyze photo') // so small a table is not read by its index
      const { exit, stderr } = await command(['plan', 'photo', '7', '8'], { env })
      expect({ exit, stderr }).toEqual({
        exit: 4,
        stderr: expect.stringMatching(/the backup has several rows of "public.photo" under one key\s+public.photo 7\n/),
      })
      expect(await command(['plan', 'photo', '8'], { env })).toMatchObject({ exit: 0 })
    },
  ))
