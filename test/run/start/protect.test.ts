/** A protected live: only who names it may write to it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli } from '../../cli/runner.ts'
import { type Attempts, refuse, withAttempts } from '../../support/attempts.ts'
import { dumpRows } from '../../support/queries.ts'
import { gallery } from '../../support/restores.ts'

interface Protected extends Attempts {
  /** Arguments that choose the protected profile. */
  readonly chosen: readonly string[]
  readonly name: string
}

const withProtected = (protect: boolean | 'refuse', work: (attempts: Protected) => Promise<void>): Promise<void> =>
  withAttempts(gallery, async (attempts) => {
    const path = join(attempts.journal, 'config.json')
    await writeFile(path, JSON.stringify({ profiles: { production: { protect } } }))
    const chosen = ['--config', path, '--profile', 'production']
    await work({ ...attempts, chosen, name: new URL(attempts.live).pathname.slice(1) })
  })

const restore = ['restore', 'gallery', '7', '--yes']

describe('a protected live', () => {
  test('is written when its name is given, and only then: by a restore, and by an undo', async () => {
    await withProtected(true, async (attempts) => {
      const { rowgraft, chosen, name, live } = attempts
      const before = await dumpRows(live)
      const hint = `--confirm ${name}`
      await refuse(attempts, [...restore, ...chosen], {
        exit: 4,
        says: ['is protected', 'confirmed by its name'],
        hint,
      })
      await refuse(attempts, [...restore, ...chosen, '--confirm', 'other'], {
        exit: 4,
        says: [`live is "${name}", not "other"`],
      })
      expect((await rowgraft([...restore, ...chosen, '--rehearse'])).exit).toBe(0)
      expect((await rowgraft(['restore', 'gallery', '7', ...chosen, '--confirm', name])).exit).toBe(0)
      await refuse(attempts, ['undo', '--yes', ...chosen], { exit: 4, says: ['is protected'], hint })
      expect((await rowgraft(['undo', ...chosen, '--confirm', name])).exit).toBe(0)
      expect(await dumpRows(live)).toEqual(before)
      expect((await rowgraft(['restore', 'gallery', '8', ...chosen, '--yes'])).exit, 'nothing to write').toBe(0)
    })
  })

  test.each([
    ['the name', (name: string) => ` ${name} `, 0],
    ['yes', () => 'yes', 4],
  ])('asks at a terminal for its name, and takes %s', async (_, answer, expected) => {
    await withProtected(true, async ({ env, chosen, name, live }) => {
      const questions: string[] = []
      const ask = async (question: string): Promise<string> => {
        questions.push(question)
        return answer(name)
      }
      const before = await dumpRows(live)
      const { code } = await runCli([...restore, ...chosen], { env, isInteractive: true, ask })
      expect({ code, questions }).toEqual({
        code: expected,
        questions: [expect.stringContaining('Live is protected: type the name of the database to go ahead: ')],
      })
      expect((await dumpRows(live)).length > before.length).toBe(expected === 0)
    })
  })

  test('that refuses cannot be confirmed, only rehearsed', async () => {
    await withProtected('refuse', async (attempts) => {
      const { rowgraft, chosen, name } = attempts
      for (const more of [[], ['--confirm', name]]) {
        await refuse(attempts, [...restore, ...chosen, ...more], { exit: 4, says: ['nothing is ever written to it'] })
      }
      expect((await rowgraft([...restore, ...chosen, '--rehearse'])).exit).toBe(0)
    })
  })

  test('an unprotected live that is named wrongly is not written either', async () => {
    await withProtected(false, async (attempts) => {
      await refuse(attempts, [...restore, '--confirm', 'other'], { exit: 4, says: ['not "other"'] })
    })
  })
})
