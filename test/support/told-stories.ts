/** The stories of `fixtures`, told as tests: in files of their own, so that every core has some. */
import { join } from 'node:path'
import { test } from 'vitest'
import { withLives } from './databases.ts'
import { playCase, readStories, type Story } from './stories.ts'

/** What a story is about: a statement that somebody regrets, a question or a refusal on the way, or a restore that simply goes. */
export type Subject = 'a statement' | 'a question' | 'a restore'

const subjectOf = ({ cases }: Story): Subject => {
  if (cases.some(({ args }) => args.includes('--statement'))) return 'a statement'
  return cases.some(({ exit }) => exit !== 0 && exit !== 7) ? 'a question' : 'a restore'
}

const stories = await readStories()

/** Tells the stories about this. */
export const tellStories = (subject: Subject): void => {
  for (const story of stories.filter((each) => subjectOf(each) === subject)) {
    test.concurrent(`${story.name}: ${story.story}`, { timeout: 120_000 }, async ({ expect }) => {
      const plans: string[] = []
      const changes: string[] = []
      await withLives(story.sql, async (withLive) => {
        for (const each of story.cases) {
          const { plan, after } = await playCase(story, each, withLive).catch((error: unknown) => {
            throw new Error(`${story.name}, case "${each.name}": ${error instanceof Error ? error.message : error}`, {
              cause: error,
            })
          })
          const head = `== ${each.name}: rowgraft restore ${each.args.join(' ')}\n`
          plans.push(`${head}${plan}`)
          changes.push(`${head}${after}`)
        }
      })
      await expect(plans.join('\n')).toMatchFileSnapshot(join(story.folder, 'plan.txt'))
      await expect(changes.join('\n')).toMatchFileSnapshot(join(story.folder, 'after.txt'))
    })
  }
}
