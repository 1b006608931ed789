import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { type CommandResult, command } from '../../support/command.ts'
import { type WithLive, withDatabases, withLives } from '../../support/databases.ts'
import { hasPsql, psql, withPlainRole } from '../../support/psql.ts'
import { dumpRows } from '../../support/queries.ts'
import { withFolder } from '../../support/restores.ts'
import {
  compare,
  compareSequences,
  readSequences,
  readStories,
  type Story,
  type StoryCase,
} from '../../support/stories.ts'

/** Cases that a plain role can run: others take a superuser's right, or DELETE or UPDATE for rows that a trigger turns out to have made or changed. */
const isPlain = ({ name }: Story, { args }: StoryCase): boolean =>
  !args.includes('off') && !['trigger-made-row', 'counter-cache', 'counter-row-restored'].includes(name)

/** A script cannot begin again once live has said that a row of the plan makes another one. */
const canBeScripted = ({ name }: Story, { args }: StoryCase): boolean =>
  name !== 'trigger-made-parent' || args.includes('off')

interface Scripted {
  readonly planned: CommandResult
  readonly script: string
  readonly live: string
}

/** Makes the script of a case, for a live of its own. */
const withScript = <T>(
  { story, each, withLive }: { readonly story: Story; readonly each: StoryCase; readonly withLive: WithLive },
  work: (scripted: Scripted) => Promise<T>,
): Promise<T> =>
  withLive(({ live, backup }) =>
    withFolder(async (folder) => {
      const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup, ROWGRAFT_JOURNAL: folder }
      const script = join(folder, 'restore.sql')
      const args = each.args.filter((argument) => argument !== '--strict')
      const planned = await command(['plan', ...args, '--sql', script], { env, folder: story.folder })
      if (!isPlain(story, each)) return work({ planned, script, live })
      return withPlainRole(live, (url) => work({ planned, script, live: url }))
    }),
  )

/** What types and constraints say of themselves. */
const withoutNotices = (stderr: string): string => stderr.replace(/^psql:.* NOTICE: .*\n/gm, '')

/** What the run of the case changed: its part of after.txt. */
const readAfter = async (story: Story, each: StoryCase): Promise<string> => {
  const text = await readFile(join(story.folder, 'after.txt'), 'utf8')
  const head = `== ${each.name}: rowgraft restore ${each.args.join(' ')}\n`
  const [, part = ''] = text.split(head)
  const [own = ''] = part.split(/\n== /)
  return own.endsWith('\n') ? own : `${own}\n`
}

const stories = await readStories()

describe.skipIf(!hasPsql)('a script run by psql (skipped where there is none)', () => {
  for (const story of stories) {
    const cases = story.cases.filter((each) => (each.exit === 0 || each.exit === 7) && canBeScripted(story, each))
    if (cases.length === 0) continue
    test.concurrent(`does what the run does: ${story.name}`, { timeout: 120_000 }, async ({ expect }) => {
      await withLives(story.sql, async (withLive) => {
        for (const each of cases) {
          await withScript({ story, each, withLive }, async ({ script, live }) => {
            const [before, sequences] = [await dumpRows(live), await readSequences(live)]
            const { exit, stderr } = await psql(live, script, '-v', 'commit=1')
            expect(`${exit} ${withoutNotices(stderr)}`, `case "${each.name}"`).toBe('0 ')
            const after = compare(before, await dumpRows(live)) + compareSequences(sequences, await readSequences(live))
            expect(after, `case "${each.name}"`).toBe(await readAfter(story, each))
          })
        }
      })
    })
    test.concurrent(`rolls back unless it is told to commit: ${story.name}`, { timeout: 120_000 }, async ({
      expect,
    }) => {
      const [first] = cases
      if (first === undefined) return
      const withLive: WithLive = (work) => withDatabases(story.sql, work)
      await withScript({ story, each: first, withLive }, async ({ script, live }) => {
        const before = await dumpRows(live)
        const { exit, stderr } = await psql(live, script)
        expect(`${exit} ${withoutNotices(stderr)}`).toBe('0 ')
        expect(await dumpRows(live)).toEqual(before)
      })
    })
  }
})
