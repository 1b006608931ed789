/**
 * A process that plans or restores, and may kill itself on the way: `node restore-child.ts '<json>'`. Prints what became of it as one
 * line of JSON, with the largest resident set it had.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { open, type Plan, type PlanOptions, parsePlan, parseSelect } from '../../src/index.ts'

export interface ChildTask {
  readonly live: string
  readonly backup: string
  readonly journal: string
  /** As `--select`; undoes the newest run without it. */
  readonly select?: string
  /** Plans into this file and runs nothing. */
  readonly planInto?: string
  /** Runs the plan in this file. */
  readonly planFrom?: string
  readonly options?: Partial<PlanOptions>
  /** The phase at which it kills itself, when it is told of it for the first time. */
  readonly killAt?: string
}

export interface ChildReport {
  readonly outcome: string
  readonly inserted: number
  /** MB */
  readonly peak: number
}

// The parent hands over JSON of this very type.
const task = JSON.parse(process.argv[2] ?? '{}') as ChildTask

const rowgraft = await open({
  live: task.live,
  backup: task.backup,
  journal: task.journal,
  env: {},
  onProgress: (event) => {
    if (event.kind === 'run' && event.phase === task.killAt) process.kill(process.pid, 'SIGKILL')
  },
})
const makePlan = async (): Promise<Plan> => {
  if (task.planFrom !== undefined) return parsePlan(await readFile(task.planFrom, 'utf8'))
  if (task.select === undefined) return rowgraft.undoPlan()
  return rowgraft.plan({ selectors: [parseSelect(task.select)], columns: null }, task.options)
}

const plan = await makePlan()
if (task.planInto !== undefined) await writeFile(task.planInto, JSON.stringify(plan))
const report = task.planInto === undefined ? await rowgraft.run(plan) : null
await rowgraft.close()
const told: ChildReport = {
  outcome: report?.outcome ?? 'planned',
  inserted: report?.tables.reduce((sum, { inserted }) => sum + inserted, 0) ?? 0,
  peak: Math.round(process.resourceUsage().maxRSS / 1024),
}
process.stdout.write(`${JSON.stringify(told)}\n`)
