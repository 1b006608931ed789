/**
 * The terminal UI: opens on its own screen, and leaves the terminal as it found it on every way out.
 *
 *     keys, signals, results -> reduce -> state -> frame -> Ink
 *                                   `-> effects -> engine
 */
import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { OpenOptions, Plan, Rowgraft, RunOptions } from '../index.ts'
import { Engine } from './effects/engine.ts'
import type { Surroundings } from './effects/work.ts'
import { type Ending, endingOf, leavingWords } from './leaving.ts'
import { chooseTheme, type ThemeChoice } from './lines/theme.ts'
import type { Effect } from './state/actions.ts'
import { makeState } from './state/first-state.ts'
import { begin } from './state/jobs.ts'
import type { Addresses, Size, State } from './state/state.ts'
import { Store } from './store.ts'

export interface TuiOptions extends ThemeChoice {
  readonly addresses: Addresses
  /** From addresses to what the engine is opened with; throws RowgraftErrors. */
  readonly open: (addresses: Addresses) => Promise<OpenOptions>
  readonly savePlan: (path: string, plan: Plan) => Promise<void>
  readonly saveScript: (path: string, rowgraft: Rowgraft, plan: Plan) => Promise<void>
  readonly exists: (path: string) => Promise<boolean>
  /** Time-outs, and what flags say of large restores. */
  readonly runOptions: Partial<RunOptions>
  readonly isReadOnly: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly signal: AbortSignal
}

/** Milliseconds after which nothing has stopped this. */
const noShellAfter = 300

const sizeOf = ({ columns, rows }: NodeJS.WriteStream): Size => ({ columns: columns || 80, rows: rows || 24 })

/** The clipboard, by way of the terminal; it goes to the one that one sits at, also over ssh. */
const osc52 = (text: string): string => `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`

/** Runs until somebody leaves, or a signal ends it. */
export const runTui = async (options: TuiOptions): Promise<Ending> => {
  const { env, stdin, stdout, stderr, signal } = options
  // React is several times slower with its checks on, and reads this when it is loaded.
  process.env.NODE_ENV ??= 'production'
  const [{ render }, { App }, { createElement }] = await Promise.all([
    import('ink'),
    import('./app.tsx'),
    import('react'),
  ])
  const isSpoken = env.INK_SCREEN_READER === 'true'
  const ended = Promise.withResolvers<{ readonly error?: unknown }>()
  const surroundings: Surroundings = options
  let app: { readonly suspendTerminal: () => Promise<{ readonly resume: () => Promise<void> }> } | null = null
  const engine = new Engine(surroundings, {
    open: options.open,
    tell: (action) => store.dispatch(action),
    fail: (error) => ended.resolve({ error }),
  })
  const suspend = async (): Promise<void> => {
    const suspension = await app?.suspendTerminal()
    const resumed = new Promise((resolve) => process.once('SIGCONT', resolve))
    // As the terminal does it: whatever started this (npx, a shell script) stops as well, or the shell would go on waiting.
    process.kill(0, 'SIGTSTP')
    // Where no shell is there to go back to, the system does not stop anything.
    await Promise.race([resumed, setTimeout(noShellAfter)])
    await suspension?.resume()
    // Of a new size the system told the shell alone.
    process.kill(process.pid, 'SIGWINCH')
  }
  const perform = (effect: Effect): void => {
    switch (effect.do) {
      case 'work':
        engine.start(effect.ticket, effect.work)
        break
      case 'cancel':
        engine.cancel(effect.ticket)
        break
      case 'copy':
        stdout.write(osc52(effect.text))
        break
      case 'suspend':
        void suspend()
        break
      case 'leave':
        ended.resolve({})
    }
  }
  const [first, ...effects] = begun(makeState({ ...options, size: sizeOf(stdout) }))
  const store = new Store(first, perform)
  const drawn = { current: first }
  let signalled: State | null = null
  const end = (): void => {
    signalled = store.read()
    store.dispatch({ type: 'end' })
  }
  signal.addEventListener('abort', end, { once: true })
  const instance = render(
    createElement(App, {
      store,
      theme: chooseTheme(options, env),
      drawn,
      isSpoken,
      onReady: (own) => {
        app = own
      },
    }),
    {
      stdin,
      stdout,
      stderr,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      alternateScreen: !isSpoken,
      incrementalRendering: true,
      isScreenReaderEnabled: isSpoken,
      maxFps: 1000,
      onRender: () => {
        const state = drawn.current
        queueMicrotask(() => store.dispatch({ type: 'painted', state }))
      },
    },
  )
  const resized = (): void => {
    stdout.write('\x1b[H\x1b[2J')
    instance.clear()
    store.dispatch({ type: 'resize', size: sizeOf(stdout) })
  }
  stdout.on('resize', resized)
  for (const effect of effects) perform(effect)
  const { error } = await ended.promise
  signal.removeEventListener('abort', end)
  stdout.off('resize', resized)
  store.close()
  // A screen that grew meanwhile keeps the old frame unless an empty one is drawn first.
  instance.rerender(null)
  await setTimeout(40)
  instance.unmount()
  await instance.waitUntilExit().catch(() => undefined)
  // What is under way ends first: only then is it known what there is to tell.
  await engine.close()
  const words = leavingWords(store.read())
  if (words.length > 0) writeSync(1, `${words.join('\n')}\n`)
  if (error !== undefined) throw error
  return endingOf(store.read(), signalled)
}

const begun = (state: State): ReturnType<typeof begin> => {
  const { addresses } = state
  if (addresses.live === '' || addresses.backup === '') return [state]
  return begin({ ...state, connection: { state: 'opening', error: null } }, { kind: 'connect', addresses })
}
