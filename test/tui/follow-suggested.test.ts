import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withDatabases } from '../support/databases.ts'
import { withScreens } from '../support/screens.ts'

const story = join(import.meta.dirname, '../../fixtures/relations-nobody-declared')
const read = (file: string): Promise<string> => readFile(join(story, file), 'utf8')
const sql = { schema: await read('schema.sql'), backup: await read('backup.sql'), live: await read('live.sql') }

test('one key follows the relations that nobody declared, and makes one incident of many', async () => {
  await withDatabases(sql, (pair) =>
    withScreens(pair, {}, async ({ press, frame }) => {
      expect(frame().replace(/\s+/g, ' ')).toContain(
        '2 tables refer to tasks, and others to 1 table more by name alone: no constraint says so. F follows what is suggested.',
      )
      const together = await press('F')
      expect(together).toContain('1 incident · 14 rows missing in 6 tables')
      expect(together).not.toContain('F follows')
      expect(await press('space', 'r')).toContain('14 rows back')
      expect(await press('esc', 'F')).toContain('F: they are followed already')
    }),
  )
})
