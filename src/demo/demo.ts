/**
 * The story of `npm start`: two databases in a private cluster, the commands that bring a lost gallery back, and their
 * output. Commands run in this process, by way of the same door as the command line's own. Nothing stays when it ends.
 *
 * In come the terminal and the door of the command line; out goes an exit code. Of the engine it imports `open/cluster/` alone.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interrupted, RowgraftError } from '../errors.ts'
import { type Cluster, withCluster } from '../open/cluster/cluster.ts'
import { history } from './history.ts'
import { formatCommand, formatComment, formatHappening, quoteArgument } from './narration.ts'
import { buildBackupSql, buildLiveStatements } from './site.ts'
import { farewell, farewellUnattended, opening, openingScreen, type StoryCommand, story, suggestions } from './story.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface DemoOptions {
  /** Runs one command line with this environment, its output going to the screen. Resolves to its exit code. */
  readonly run: (argv: readonly string[], env: Environment) => Promise<number>
  /** Sends a script to a database as one simple query, with no transaction block around it. */
  readonly execute: (url: string, sql: string) => Promise<void>
  readonly stdout: { write(text: string): unknown }
  /** Opens the terminal UI with this environment, and resolves to its exit code; where it is given, it takes the place of the story. */
  readonly openScreen?: (env: Environment) => Promise<number>
  /** True where somebody is watching: the two databases then stay up until `signal` aborts or Ctrl-C is pressed. */
  readonly interactive: boolean
  readonly env: Environment
  readonly signal: AbortSignal
}

interface Scene {
  readonly live: string
  readonly backup: string
  readonly journal: string
}

/** Creates the two databases in a fresh cluster: live is `shop`, its backup is `shop_backup`. */
export const loadDatabases = async (
  cluster: Cluster,
  { execute, signal }: Pick<DemoOptions, 'execute' | 'signal'>,
): Promise<void> => {
  const server = cluster.url('postgres')
  await execute(server, 'create database shop')
  await execute(cluster.url('shop'), buildBackupSql())
  await execute(server, 'create database shop_backup template shop')
  for (const statement of buildLiveStatements()) {
    if (signal.aborted) throw interrupted()
    await execute(cluster.url('shop'), statement)
  }
}

const sceneSettings = ({ live, backup, journal }: Scene) => ({
  ROWGRAFT_LIVE: live,
  ROWGRAFT_BACKUP: backup,
  ROWGRAFT_JOURNAL: journal,
})

/** The user's environment without what would steer a connection elsewhere (PGSSLMODE, PGOPTIONS, profiles). */
const sceneEnvironment = (env: Environment, scene: Scene): Environment => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !/^(PG|ROWGRAFT_)/.test(name))),
  ...sceneSettings(scene),
})

const tellCommand = async ({ says, argv, exits }: StoryCommand, scene: Scene, options: DemoOptions): Promise<void> => {
  const { run, stdout, env, signal } = options
  const command = formatCommand('rowgraft', argv)
  stdout.write(`\n${formatComment(says)}$ ${command}\n`)
  const code = await run(argv, sceneEnvironment(env, scene))
  if (signal.aborted || code === 130) throw interrupted()
  if (code === exits) return
  throw new RowgraftError('verification-failed', `the demo's command exited with ${code}, not with ${exits}`, {
    detail: command,
    hint: 'The demo tells the same story on every machine: please report this with the output above.',
  })
}

const tellStory = async (scene: Scene, options: DemoOptions): Promise<void> => {
  const { stdout } = options
  for (const sentence of opening) stdout.write(formatComment(sentence))
  for (const { when, what } of history) stdout.write(formatHappening(when, what))
  for (const next of story) await tellCommand(next, scene, options)
}

const formatInvitation = (scene: Scene, env: Environment): string => {
  // npm sets this for its scripts and for npx; whoever came that way may have no rowgraft on the PATH.
  const program = env.npm_command === undefined ? 'rowgraft' : 'npx rowgraft'
  const settings = Object.entries(sceneSettings(scene)).map(([name, value]) => `export ${name}=${quoteArgument(value)}`)
  const commands = suggestions.map(([argv, purpose]) => `\n# ${purpose}\n${formatCommand(program, argv)}`)
  return [
    '\n# Now it is your turn. Both databases are up; in another terminal:',
    ...settings,
    ...commands,
    '\n# look inside',
    'psql "$ROWGRAFT_LIVE"',
    'psql "$ROWGRAFT_BACKUP"',
    '\n# Ctrl-C here stops and removes both.\n',
  ].join('\n')
}

const waitForStop = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    // Neither a signal handler nor an abort listener keeps the process alive.
    const alive = setInterval(() => undefined, 60_000)
    const stop = (): void => {
      clearInterval(alive)
      signal.removeEventListener('abort', stop)
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      resolve()
    }
    signal.addEventListener('abort', stop)
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    if (signal.aborted) stop()
  })

/**
 * Opens the terminal UI on the two databases, or tells the whole story and resolves to exit code 0: the gallery is lost again at its end, for the user to bring back.
 * Throws `verification-failed` if a command exits otherwise than the story says, `interrupted` if `signal` aborts
 * before the end of the story, and what starting the cluster throws. Cluster and journal are removed in every case.
 */
export const runDemo = async (options: DemoOptions): Promise<number> => {
  const { stdout, interactive, env, signal } = options
  const journal = await mkdtemp(join(tmpdir(), 'rowgraft-demo-'))
  let code = 0
  try {
    await withCluster({ signal }, async (cluster) => {
      await loadDatabases(cluster, options)
      const scene = { live: cluster.url('shop'), backup: cluster.url('shop_backup'), journal }
      if (options.openScreen !== undefined) {
        for (const sentence of openingScreen) stdout.write(formatComment(sentence))
        code = await options.openScreen(sceneEnvironment(env, scene))
        return
      }
      await tellStory(scene, options)
      if (!interactive) return
      stdout.write(formatInvitation(scene, env))
      await waitForStop(signal)
    })
  } finally {
    await rm(journal, { recursive: true, force: true })
  }
  stdout.write(`\n${formatComment(interactive ? farewell : farewellUnattended)}`)
  return code
}
