/** Every story of `fixtures`, told as tests: in files of their own, so that every core has some. */
import { join } from 'node:path'
import { test } from 'vitest'
import { playCase, readStories } from './stories.ts'

const stories = await readStories()

/** Tells the stories whose names begin with a letter from `first` to `last`, both included. */
export const tellStories = (first: string, last: string): void => {
  for (const story of stories.filter(({ name }) => name[0] !== undefined && name[0] >= first && name[0] <= last)) {
    test.concurrent(`${story.name}: ${story.story}`, { timeout: 120_000 }, async ({ expect }) => {
      const plans: string[] = []
      const changes: string[] = []
      for (const each of story.cases) {
        const { plan, after } = await playCase(story, each).catch((error: unknown) => {
          throw new Error(`${story.name}, case "${each.name}": ${error instanceof Error ? error.message : error}`, {
            cause: error,
          })
        })
        const head = `== ${each.name}: rowgraft restore ${each.args.join(' ')}\n`
        plans.push(`${head}${plan}`)
        changes.push(`${head}${after}`)
      }
      await expect(plans.join('\n')).toMatchFileSnapshot(join(story.folder, 'plan.txt'))
      await expect(changes.join('\n')).toMatchFileSnapshot(join(story.folder, 'after.txt'))
    })
  }
}
