/**
 * One measured plan, run or grouping of incidents, in a process of its own: prints how long it took and its peak memory. It is the built
 * program that is measured, as it is installed: to run from sources takes some 20 MB more.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rowgraft, Selector } from '../../src/index.ts'
import type { Measured } from './runs.ts'

const dist = join(import.meta.dirname, '..', '..', 'dist')
// Built from these very sources.
const { keepHeapSmall } = (await import(join(dist, 'cli', 'memory.js'))) as typeof import('../../src/cli/memory.ts')
const { open, parsePlan } = (await import(join(dist, 'index.js'))) as typeof import('../../src/index.ts')

/** What to measure. `file` is where the plan is put, or taken from. */
export type RestoreWork =
  | {
      readonly kind: 'plan'
      readonly selectors: readonly Selector[]
      readonly keys: 'auto' | 'new'
      readonly triggers: 'fire' | 'off'
      readonly file: string
    }
  | { readonly kind: 'run'; readonly file: string; readonly journal: string }
  | { readonly kind: 'incidents' }

const perform = async (rowgraft: Rowgraft, work: RestoreWork): Promise<string> => {
  switch (work.kind) {
    case 'plan': {
      const plan = await rowgraft.plan(
        { selectors: work.selectors, columns: null },
        { keys: work.keys, triggers: work.triggers },
      )
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
