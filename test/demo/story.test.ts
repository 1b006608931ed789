import { expect, test } from 'vitest'
import { command } from '../support/command.ts'

test('the demo tells the whole story, with every command exiting as it says', { timeout: 120_000 }, async () => {
  const { exit, stdout, stderr } = await command(['demo'])
  expect(exit, stderr).toBe(0)
  expect(stdout).toContain('59 rows back, 11 re-linked')
  expect(stdout).toContain('verified against the backup, committed.')
  expect(stdout).toContain('70 rows compared, live holds what the run wrote.')
  expect(stdout).toContain('59 rows deleted, 11 put back as before')
})
