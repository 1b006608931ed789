/** One measured plan, run or grouping of incidents, in a process of its own: prints how long it took and its peak memory. */
import { readFile, writeFile } from 'node:fs/promises'
import { keepHeapSmall } from '../../src/cli/memory.ts'
import { open, parsePlan, type Rowgraft } from '../../src/index.ts'
import type { Measured } from './runs.ts'

/** What to measure. `file` is where the plan is put, or taken from. */
export type RestoreWork =
  | {
      readonly kind: 'plan'
      readonly tables: readonly string[]
      readonly keys: 'auto' | 'new'
      readonly triggers: 'fire' | 'off'
      readonly file: string
    }
  | { readonly kind: 'run'; readonly file: string; readonly journal: string }
  | { readonly kind: 'incidents' }

const perform = async (rowgraft: Rowgraft, work: RestoreWork): Promise<string> => {
  switch (work.kind) {
    case 'plan': {
      const selectors = work.tables.map((table) => ({ by: 'all missing', table }) as const)
      const plan = await rowgraft.plan({ selectors, columns: null }, { keys: work.keys, triggers: work.triggers })
      const text = JSON.stringify(plan)
      await writeFile(work.file, text)
      const rows = plan.steps.reduce((sum, step) => sum + step.rows, 0)
      return `a plan of ${rows} rows, ${(text.length / 1e6).toFixed(1)} MB`
    }
    case 'run': {
      const { outcome, tables, keys } = await rowgraft.run(parsePlan(await readFile(work.file, 'utf8')), { big: true })
      const rows = tables.reduce((sum, { inserted }) => sum + inserted, 0)
      return `${outcome}: ${rows} rows, ${keys.length} of them under another key`
    }
    case 'incidents': {
      const { incidents } = await rowgraft.incidents()
      return `${incidents.length} incidents of ${incidents.reduce((sum, { rows }) => sum + rows, 0)} rows`
    }
  }
}

const [live = '', backup = '', text = ''] = process.argv.slice(2)
// The parent made it.
const work = JSON.parse(text) as RestoreWork
keepHeapSmall() // as the program does
const start = performance.now()
const rowgraft = await open({ live, backup, env: {}, ...(work.kind === 'run' ? { journal: work.journal } : {}) })
try {
  const found = await perform(rowgraft, work)
  const elapsed = performance.now() - start
  const measured: Measured = { elapsed, memory: process.resourceUsage().maxRSS / 1_024, found }
  process.stdout.write(JSON.stringify(measured))
} finally {
  await rowgraft.close()
}
