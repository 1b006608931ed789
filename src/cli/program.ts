/**
 * The commands and their flags. What a command does is in `commands/`, and is loaded when it runs, so that help and usage errors
 * come at once.
 *
 * A command takes a context, its arguments and its flags, and resolves to an exit code.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { DemoFlags } from './commands/demo.ts'
import type { DiffFlags } from './commands/diff.ts'
import type { IncidentsFlags } from './commands/incidents.ts'
import type { PlanCommandFlags } from './commands/plan.ts'
import type { RestoreFlags } from './commands/restore.ts'
import type { ShowFlags } from './commands/show.ts'
import type { TablesFlags } from './commands/tables.ts'
import type { UiFlags } from './commands/ui.ts'
import { exitCodes } from './exit.ts'
import {
  addClosure,
  addConflicts,
  addDatabases,
  addEvents,
  addLive,
  addOutput,
  addRows,
  addSaving,
  addSelection,
  addShowing,
  addTabularOutput,
  addTriggers,
  type ConnectionFlags,
  type OutputFlags,
  type PlanFlags,
} from './flags/options.ts'
import { addRestoring, addRunning, type RunFlags } from './flags/run-options.ts'
import { addScreen } from './flags/screen-options.ts'
import { addExamples, addExitCodes } from './help.ts'
import type { Io } from './io.ts'
import type { Context } from './output.ts'
import { findUnknown, unknownCommand } from './unknown-command.ts'

/** What a command is called with. */
interface Call<Flags> {
  readonly context: Context
  readonly args: readonly string[]
  readonly flags: Flags
}

/** How commands come to run: with their context, telling the exit code. */
type Perform = <Flags extends object>(
  work: (call: Call<Flags>) => Promise<number>,
) => (...values: readonly unknown[]) => Promise<void>

const readVersion = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

const addLooking = (program: Command, perform: Perform): void => {
  program.commandsGroup('Look:')
  addScreen(addDatabases(program.command('ui', { hidden: true })))
    .description('the terminal UI; the same as rowgraft without a command')
    .action(perform<UiFlags>(async ({ context, flags }) => (await import('./commands/ui.ts')).ui(context, flags)))
  addOutput(addDatabases(program.command('tables')))
    .description('tables, their identity and relations, and whether they can be restored')
    .option('--suggest', 'list relations that nobody declared, with what speaks for them')
    .action(
      perform<TablesFlags>(async ({ context, flags }) => (await import('./commands/tables.ts')).tables(context, flags)),
    )
  addTabularOutput(addRows(addDatabases(program.command('diff [table...]'))))
    .description('what is missing, changed, or only in live')
    .action(
      perform<DiffFlags>(async ({ context, args, flags }) =>
        (await import('./commands/diff.ts')).diff(context, args, flags),
      ),
    )
  addOutput(addEvents(addDatabases(program.command('incidents'))))
    .description('missing and overwritten rows grouped by what did it')
    .action(
      perform<IncidentsFlags>(async ({ context, flags }) =>
        (await import('./commands/incidents.ts')).incidents(context, flags),
      ),
    )
  addOutput(addShowing(addDatabases(program.command('show <table> [key...]'))))
    .description('one row on both sides with its relations; a plan file, or why a row is in it')
    .action(
      perform<ShowFlags>(async ({ context, args, flags }) =>
        (await import('./commands/show.ts')).show(context, args, flags),
      ),
    )
}

const addPlanning = (command: Command): Command => addConflicts(addClosure(addSelection(addDatabases(command))))

const addRestores = (program: Command, perform: Perform): void => {
  program.commandsGroup('Restore:')
  addOutput(addSaving(addPlanning(program.command('plan [table] [key...]'))))
    .description('what would be restored, and why; writes nothing to live')
    .action(
      perform<PlanCommandFlags>(async ({ context, args, flags }) =>
        (await import('./commands/plan.ts')).plan(context, args, flags),
      ),
    )
  addOutput(addRestoring(addPlanning(program.command('restore [table-or-plan] [key...]'))))
    .description('restore rows, or run a plan file: one transaction, verified before commit')
    .action(
      perform<RestoreFlags>(async ({ context, args, flags }) =>
        (await import('./commands/restore.ts')).restore(context, args, flags),
      ),
    )
}

const addAfterwards = (program: Command, perform: Perform): void => {
  program.commandsGroup('Afterwards:')
  addOutput(addLive(program.command('verify [run]')))
    .description('whether live still holds what a run wrote')
    .action(
      perform<ConnectionFlags>(async ({ context, args, flags }) =>
        (await import('./commands/verify.ts')).verify(context, args[0], flags),
      ),
    )
  addOutput(addTriggers(addRunning(addLive(program.command('undo [run]')))))
    .description('take a run back')
    .action(
      perform<ConnectionFlags & RunFlags & Pick<PlanFlags, 'triggers' | 'bulk'>>(async ({ context, args, flags }) =>
        (await import('./commands/undo.ts')).undo(context, args[0], flags),
      ),
    )
  addTabularOutput(addLive(program.command('runs')))
    .description('every run on this live')
    .action(
      perform<ConnectionFlags>(async ({ context, flags }) => (await import('./commands/runs.ts')).runs(context, flags)),
    )
  addOutput(addLive(program.command('recover')))
    .description('find out what became of a run that was cut short')
    .action(
      perform<ConnectionFlags>(async ({ context, flags }) =>
        (await import('./commands/recover.ts')).recover(context, flags),
      ),
    )
}

const addOthers = (program: Command, io: Io, perform: Perform): void => {
  program.commandsGroup('Other:')
  program
    .command('demo')
    .description('a lost gallery on two databases of its own: on the screen, or told command by command')
    .option('--story', 'tell it command by command, and keep both databases up')
    .action(perform<DemoFlags>(async ({ flags }) => (await import('./commands/demo.ts')).demo(io, run, flags)))
  program
    .command('version')
    .description('print the version')
    .action(
      perform(async () => {
        io.stdout(`${program.version()}\n`)
        return exitCodes.done
      }),
    )
  program.helpCommand('help [command]', 'print help for a command')
}

const buildProgram = (io: Io, finish: (code: number) => void): Command => {
  const program = new Command('rowgraft')
    .description(
      'Brings deleted or overwritten rows back into a live PostgreSQL database from a backup.\n' +
        'Without a command it opens the terminal UI.',
    )
    .version(`rowgraft ${readVersion()}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout,
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.min(100, Math.max(60, io.columns)),
      getOutHasColors: () => false,
    })
    .configureHelp({
      optionDescription: ({ description }) => description,
      subcommandTerm: (command) => [command.name(), command.usage().replace(/^\[options\] ?/, '')].join(' ').trim(),
    })
  const perform: Perform =
    (work) =>
    async (...values) => {
      const command = values.at(-1) as Command // commander hands the command over last
      const { makeContext } = await import('./output.ts')
      const context = makeContext(io, command.opts<OutputFlags>())
      finish(await work({ context, args: command.args, flags: command.opts() }))
    }
  addLooking(program, perform)
  addRestores(program, perform)
  addAfterwards(program, perform)
  addOthers(program, io, perform)
  for (const command of [program, ...program.commands]) addExamples(command)
  return addExitCodes(program)
}

const asksProgram: readonly (string | undefined)[] = ['-h', '--help', '-V', '--version']

/** No command: the terminal UI, with the flags that were given. Flags before a command are told where they belong. */
const withCommand = (argv: readonly string[], { commands }: Command): readonly string[] => {
  const [first] = argv
  const isCommand = (text: string, place: number): boolean =>
    commands.some((command) => command.name() === text) && argv[place - 1]?.startsWith('--') !== true
  if (asksProgram.includes(first) || argv.some(isCommand)) return argv
  return first === undefined || first.startsWith('-') ? ['ui', ...argv] : argv
}

/** Commander itself would print the program's help for an unknown command with --help. Throws `usage`. */
const refuseUnknown = (argv: readonly string[], { commands }: Command): void => {
  const names = commands.map((command) => command.name())
  const unknown = findUnknown(argv, [...names, 'help'])
  if (unknown === undefined) return
  throw unknownCommand(
    unknown,
    names.filter((name) => name !== 'ui'),
  )
}

/** Runs one command line (without node and script) and resolves to its exit code; whatever goes wrong is printed. */
export const run = async (typed: readonly string[], io: Io): Promise<number> => {
  let code: number = exitCodes.done
  const program = buildProgram(io, (own) => {
    code = own
  })
  const argv = withCommand(typed, program)
  try {
    refuseUnknown(typed, program)
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // Help and version end so: what words failures is not loaded for them.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done
    const command = program.commands.find((known) => known.name() === argv[0])?.name() ?? ''
    return (await import('./failure.ts')).reportFailure(error, io, { argv, command })
  }
}
