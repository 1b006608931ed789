/**
 * A plan as one SQL script for psql, for people who may not run tools on production: the statements of a run, written down instead of
 * executed, with the backup's rows inside and every check as a block that raises. It rolls back unless psql is told to commit.
 *
 * In come a plan and a Reader of each side; out go pieces of text, to a `ScriptSink`. The statements are made by `run/`, whose Writer is one
 * that writes them down (`script-writer.ts`).
 */
import { sql } from 'kysely'
import type { Catalog } from '../../catalog/catalog.ts'
import type { DatabaseIdentity } from '../../catalog/read/identity.ts'
import { readCatalog } from '../../catalog/read/read.ts'
import type { Reader } from '../../database/session/reader.ts'
import { isEmpty, type Plan } from '../../plan/plan.ts'
import type { RunPhase } from '../../progress/progress.ts'
import type { HookTime } from '../../run/hooks.ts'
import { prepareRows, shareWithSource, writeRows } from '../../run/perform.ts'
import type { RunOptions, RunProgress } from '../../run/run.ts'
import { layOut } from '../../run/stage/layout.ts'
import { lockDefinitions } from '../../run/transaction-start.ts'
import type { Transforms } from '../../transform/transform.ts'
import { checkDefinitions, refuseAlteredTables } from './definitions.ts'
import { header } from './header.ts'
import { makeScriptWriter, type ScriptSink } from './script-writer.ts'
import { beginScript, checkDatabase, endScript, runHook, takeLock } from './session.ts'
import { summarise } from './summary.ts'
import { comment } from './text.ts'

export interface ScriptInput {
  readonly live: Reader
  readonly backup: { readonly reader: Reader; readonly catalog: Catalog; readonly transforms: Transforms }
  /** Every answer of it is known to be in its steps, and none is open. */
  readonly plan: Plan
  readonly options: RunOptions
  readonly identity: DatabaseIdentity
  /** How the backup is called, without a password. */
  readonly source: string
  readonly sink: ScriptSink
  readonly onProgress: RunProgress
}

const titles: Readonly<Record<RunPhase, string | null>> = {
  stage: null, // told while its rows are under way
  digest: null,
  lock: 'Live rows that are changed or stand in are locked, and are as the plan saw them',
  allocate: 'Sequences are raised past every key there is; keys that are taken are made anew',
  images: null,
  insert: 'Insert into',
  update: 'Update',
  delete: null, // never part of a script
  constraints: null,
  verify: 'Verify: what is in live now equals the rows of the backup',
  journal: null,
  commit: null,
}

/** Puts a title before the first statement of every part. */
const withTitles = (sink: ScriptSink): { readonly say: (title: string) => void; readonly titled: ScriptSink } => {
  let said = ''
  let pending = ''
  return {
    say: (title) => {
      if (title !== said) pending = `\n${comment([title])}`
      said = title
    },
    titled: async (chunk) => {
      const title = pending
      pending = ''
      if (title !== '') await sink(title)
      await sink(chunk)
    },
  }
}

/** Writes the script. Throws `plan-stale` when a used table was altered since the plan was made, or the backup lacks a row of it. */
export const writeScript = async (input: ScriptInput): Promise<void> => {
  const { live, plan, options } = input
  await input.sink(header(plan, input.source))
  if (isEmpty(plan)) return
  const catalog = await readCatalog(live)
  refuseAlteredTables(plan, catalog)
  const { say, titled } = withTitles(input.sink)
  const onProgress: RunProgress = (at) => {
    const { stage, table = null } = at
    const title = titles[stage]
    if (title !== null && stage !== 'insert' && stage !== 'update') say(title)
    else if (title !== null && table !== null) say(`${title} ${table}`)
    input.onProgress(at)
  }
  const writer = makeScriptWriter(live, titled)
  const used = catalog.tables.filter(({ id }) => plan.fingerprints[id] !== undefined)
  await titled(beginScript(plan, options))
  say('This is the database the plan was made for, nobody else restores into it, and its tables are as they were')
  await titled(checkDatabase(input.identity))
  await titled(takeLock)
  await lockDefinitions(writer, used)
  await checkDefinitions(live, writer, used)
  const source = { kind: 'backup', ...input.backup } as const
  const shared = shareWithSource(catalog, source, plan)
  const layout = layOut(plan, shared, { stagesKeys: false })
  const runHooks = async (when: HookTime): Promise<void> => {
    const { hooks } = plan.options
    if (hooks[when].length > 0) say(`The ${when} SQL of the config file`)
    for (const text of hooks[when]) await titled(runHook(plan, options, text))
    if (when === 'after' && hooks.before.length + hooks.after.length > 0) await checkDefinitions(live, writer, used)
  }
  const performance = { plan, source, runHooks, onProgress }
  say("The backup's rows, in temporary tables that are gone with the transaction")
  await prepareRows(writer, layout, { ...performance, catalog: shared, batchSize: options.batchSize })
  const searchPath = sql`pg_catalog.current_setting('rowgraft.search_path')`
  await writeRows(writer, layout, { ...performance, catalog: shared, searchPath, witness: null })
  say('What was done, and which rows have another key now')
  for (const query of summarise(plan, layout)) await titled(query)
  await titled(endScript)
}
