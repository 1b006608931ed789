/**
 * A process that restores, and may kill itself on the way: `node restore-child.ts '<json>'`. Prints what became of it as one line of
 * JSON, with the largest resident set it had, in MB.
 */
import { open, type PlanOptions, parseSelect } from '../../src/index.ts'

export interface ChildTask {
  readonly live: string
  readonly backup: string
  readonly journal: string
  /** As `--select`; null undoes the newest run. */
  readonly select: string | null
  readonly options?: Partial<PlanOptions>
  /** The phase at which it kills itself, when it is told of it for the first time. */
  readonly killAt?: string
}

export interface ChildReport {
  readonly outcome: string
  readonly inserted: number
  /** MB */
  readonly peak: number
  /** Bytes of the plan as a file. */
  readonly planSize: number
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
const plan =
  task.select === null
    ? await rowgraft.undoPlan()
    : await rowgraft.plan({ selectors: [parseSelect(task.select)], columns: null }, task.options)
const report = await rowgraft.run(plan)
await rowgraft.close()
const { maxRSS } = process.resourceUsage()
const told: ChildReport = {
  outcome: report.outcome,
  inserted: report.tables.reduce((sum, { inserted }) => sum + inserted, 0),
  peak: Math.round(maxRSS / 1024),
  planSize: JSON.stringify(plan).length,
}
process.stdout.write(`${JSON.stringify(told)}\n`)
