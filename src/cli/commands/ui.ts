import { access } from 'node:fs/promises'
import { RowgraftError } from '../../errors.ts'
import { type GivenSides, openBoth, readSides } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { Color, ConnectionFlags } from '../flags/options.ts'
import type { Io } from '../io.ts'
import type { Context } from '../output.ts'

export interface UiFlags extends ConnectionFlags {
  readonly readOnly?: boolean
  readonly theme?: 'dark' | 'light' | 'high-contrast' | 'mono'
  readonly ascii?: boolean
  readonly color?: Color | false
  readonly big?: boolean
  readonly commitEvery?: number
}

const isSet = (variable: string | undefined): boolean =>
  variable !== undefined && variable !== '' && variable !== '0' && variable !== 'false'

/** Why there can be no screen; null where there can. */
export const whyNoScreen = ({ isInteractive, terminal, env }: Io): string | null => {
  if (!isInteractive || terminal === undefined) return 'standard input and output are no terminal'
  if (env.TERM === 'dumb') return 'the terminal can draw no screens (TERM=dumb)'
  return isSet(env.CI) ? 'nobody is there to look at it (CI is set)' : null
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** `rowgraft` without a command. Throws `usage` where there is no terminal, naming the commands that do the same. */
export const ui = async (context: Context, flags: UiFlags): Promise<number> => {
  const { io } = context
  const why = whyNoScreen(io)
  if (why !== null || io.terminal === undefined) {
    throw new RowgraftError('usage', `the terminal UI needs a terminal: ${why}`, {
      detail:
        '"rowgraft incidents" tells what was lost, "rowgraft restore --incident <id> --yes" brings one of them back.',
      hint: 'Run "rowgraft --help" to see all commands.',
    })
  }
  const given = await readSides(context, flags)
  const { runTui } = await import('../../tui/main.tsx')
  const ending = await runTui({
    addresses: { live: given.live ?? '', backup: given.backup ?? '', profile: flags.profile ?? null },
    open: async ({ live, backup }) => openBoth(context, flags, { ...given, live, backup } satisfies GivenSides),
    savePlan: async (path, plan) => (await import('../files/plan-file.ts')).writePlanFile(path, plan),
    saveScript: async (path, rowgraft, plan) => {
      const { checkScriptTarget, writeScriptFile } = await import('../files/script-file.ts')
      await checkScriptTarget(path)
      await writeScriptFile(path, rowgraft, plan)
    },
    exists,
    runOptions: {
      ...(flags.big === true ? { big: true } : {}),
      ...(flags.commitEvery === undefined ? {} : { commitEvery: flags.commitEvery }),
      ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
      ...(flags.lockTimeout === undefined ? {} : { lockTimeout: flags.lockTimeout }),
    },
    isReadOnly: flags.readOnly === true,
    theme: flags.theme,
    ascii: flags.ascii,
    color: flags.color === false ? 'never' : flags.color,
    env: io.env,
    ...io.terminal,
    signal: io.signal,
  })
  return exitCodes[ending]
}
