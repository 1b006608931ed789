/** One case from its tables to the undo of its run, and the story of it for whoever has to look into what was found. */
import type pg from 'pg'
import type { DatabasePair } from '../databases.ts'
import { differences, examineAfterwards, examineUndo } from './afterwards.ts'
import { chooser } from './answering.ts'
import { countAsked, examineAttached, examineNamed } from './asked.ts'
import { doDamage } from './damage.ts'
import { withDriver } from './driver.ts'
import { count, type Fault, type Tally } from './faults.ts'
import { examine } from './oracle.ts'
import type { Scene } from './records.ts'
import { firstRequest, type Request, requestInput } from './request.ts'
import { seek } from './rounds.ts'
import { backupSql, makeRows } from './rows.ts'
import { makeTables, tableSql } from './schema.ts'
import { makeSelecting } from './selecting.ts'
import { readSide } from './sides.ts'
import type { CaseSpec } from './spec.ts'
import { examineTexts } from './texts.ts'
import { triggerSql } from './triggers.ts'

/** A pair of databases with a connection to each, used for one case after the other. */
export interface Ground extends DatabasePair {
  readonly onLive: pg.Client
  readonly onBackup: pg.Client
}

export interface Examined {
  readonly faults: readonly Fault[]
  /** Schema, backup, damage and commands, to be tried by hand. */
  readonly story: string
}

const statements = (sql: readonly string[]): string =>
  sql
    .map((each) => `${each};`)
    .join('\n')
    .replaceAll(';;', ';')

/** A case on both sides, its damage done. */
interface Staged extends Scene {
  readonly hasTriggers: boolean
  /** The SQL that brought it about. */
  readonly story: string
}

const stage = async ({ onBackup, onLive }: Ground, spec: CaseSpec): Promise<Staged> => {
  const tables = makeTables(spec)
  const rows = makeRows(tables, spec)
  const triggers = triggerSql(tables)
  const schema = statements([...tableSql(tables), ...triggers])
  const filled = statements(backupSql(tables, rows))
  for (const client of [onBackup, onLive]) {
    await client.query('drop schema public cascade; create schema public')
    await client.query(`${schema}\n${filled}`)
  }
  const { sql, born } = await doDamage(onLive, tables, rows, spec)
  const [backup, live] = [await readSide(onBackup, tables), await readSide(onLive, tables)]
  const story = [
    '-- schema.sql, on both sides',
    schema,
    '-- backup.sql, on both sides',
    filled,
    '-- damage.sql, on live, each line in a transaction of its own',
    statements(sql),
  ]
  return { tables, backup, live, born, hasTriggers: triggers.length > 0, story: story.join('\n') }
}

const tell = ({ story }: Staged, request: Request, trail: readonly string[]): string => {
  const input = requestInput(request)
  return [story, '-- commands', ...trail, ...(input === '' ? [] : ['-- standard input', input])].join('\n')
}

/** Plays a case on empty databases. Counts what happens into `tally`. */
export const playCase = async (ground: Ground, spec: CaseSpec, tally: Tally): Promise<Examined> => {
  const scene = await stage(ground, spec)
  const { tables, hasTriggers } = scene
  return withDriver(ground, spec, async (driver) => {
    const { selecting, named } = await makeSelecting(spec.selector, scene, driver.incidents)
    const first = firstRequest(selecting, spec.options)
    const rounds = await seek({ driver, first, choose: chooser(spec.choices), hasTriggers }, tally)
    const { request, plan, report, end } = rounds
    for (const name of [`by ${selecting.by}`, end]) count(tally, name)
    const readLive = () => readSide(ground.onLive, tables)
    const after = await readLive()
    const faults = [...rounds.faults, ...examineTexts(plan, report)]
    if (plan !== null) {
      countAsked(scene, plan, tally)
      faults.push(...examineNamed(scene, plan, named), ...examineAttached(scene, plan))
    }
    if (plan !== null && report !== null && end === 'committed') {
      faults.push(...examine({ ...scene, after, plan, report, columns: request.columns }))
      const committed = { driver, tables, request, plan, report, before: scene.live, after, readLive }
      faults.push(...(await examineAfterwards(committed, tally)))
    } else if (plan !== null && report !== null && end === 'partial') {
      const partly = { driver, tables, request, plan, report, before: scene.live, after, readLive }
      faults.push(...(await examineUndo(partly, tally)))
    } else {
      const changed = differences(tables, { wanted: scene.live, got: after, reports: [] })
      if (changed.length > 0) faults.push({ kind: `live changed, though ${end}`, detail: changed.join('\n') })
    }
    return { faults, story: tell(scene, first, driver.trail) }
  })
}
