import { join } from 'node:path'
import { describe, test } from 'vitest'
import { playCase, readStories } from './support/stories.ts'

const stories = await readStories()

describe('stories', () => {
  for (const story of stories) {
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
})
