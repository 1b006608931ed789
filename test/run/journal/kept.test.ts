/** What an earlier version wrote down, kept in `kept/`: it is read, run and undone as that version would have. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Plan, parsePlan } from '../../../src/index.ts'
import { hashPlan } from '../../../src/plan/plan.ts'
import { command } from '../../support/command.ts'
import { joinRecords, splitRecords } from '../../support/journal-records.ts'
import { dumpRows } from '../../support/queries.ts'
import { type Restores, withRestores } from '../../support/restores.ts'

const folder = join(import.meta.dirname, 'kept')
const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8')

const damaged = { schema: await read('schema.sql'), backup: await read('backup.sql'), live: await read('live.sql') }
const restored = { ...damaged, live: `${damaged.live}${await read('restored.sql')}` }

/** The document as it would be of these databases: they have other names and oids each time. */
const moveHere = async <T extends object>(document: T, { env }: Restores): Promise<T> => {
  const { stdout } = await command(['plan', 'gallery', '7', '--json'], { env })
  const here: Pick<Plan, 'live' | 'backup'> = JSON.parse(stdout)
  return {
    ...document,
    ...('live' in document ? { live: here.live } : {}),
    ...('backup' in document ? { backup: here.backup } : {}),
  }
}

const movePlan = async (text: string, restores: Restores): Promise<string> => {
  const moved = await moveHere<object>(JSON.parse(text), restores)
  return JSON.stringify({ ...moved, hash: hashPlan(moved) })
}

describe.concurrent('what an earlier version wrote down', () => {
  test('is a plan that is believed as it stands, prints the same, and runs', () =>
    withRestores(damaged, async (restores) => {
      const { env, journal } = restores
      const kept = await read('plan.json')
      expect(parsePlan(kept).steps).toHaveLength(5)
      const file = join(journal, 'plan.json')
      await writeFile(file, await movePlan(kept, restores))
      const { exit, stdout } = await command(['restore', file, '--yes'], { env })
      expect(exit, stdout).toBe(0)
      expect(stdout).toContain((await read('plan.txt')).trimEnd())
      await withRestores(restored, async (other) => {
        expect(await dumpRows(restores.live)).toEqual(await dumpRows(other.live))
      })
    }))

  test('is a journal that is listed, verified and undone', () =>
    withRestores(restored, async (restores) => {
      const { env, journal } = restores
      const records = await Promise.all(
        splitRecords(await readFile(join(folder, 'journal'))).map(async (record) => {
          if (record.type === 'PLAN') {
            return { ...record, payload: Buffer.from(await movePlan(record.payload.toString(), restores)) }
          }
          if (record.type !== 'RUN') return record
          const moved = await moveHere<object>(JSON.parse(record.payload.toString()), restores)
          return { ...record, payload: Buffer.from(JSON.stringify(moved)) }
        }),
      )
      await mkdir(join(journal, 'fbnjn'), { mode: 0o700 })
      await writeFile(join(journal, 'fbnjn', 'journal'), joinRecords(records), { mode: 0o600 })
      expect((await command(['runs'], { env })).stdout).toMatch(/fbnjn +committed .* 6 +2 +0 /)
      expect(await command(['verify'], { env })).toMatchObject({ exit: 0 })
      const undone = await command(['undo', '--yes'], { env })
      expect(undone.exit, `${undone.stdout}${undone.stderr}`).toBe(0)
      await withRestores(damaged, async (other) => {
        expect(await dumpRows(restores.live)).toEqual(await dumpRows(other.live))
      })
    }))
})
