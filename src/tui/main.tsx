/**
 * The terminal UI: opens on its own screen, and leaves the terminal as it found it on every way out.
 *
 *     keys, signals, results -> reduce -> state -> frame -> Ink
 *                                   `-> effects -> engine
 *
 * In come addresses, what opens them, and a terminal; out goes how it was left. Ink and React are imported in `app.tsx`, and loaded here; of
 * the engine there are types, and what `effects/` loads by its front door.
 */
import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { OpenOptions, Plan, Rowgraft, RunOptions } from '../index.ts'
import { Engine } from './effects/engine.ts'
import { endingOf, type Leaving, leavingWords } from './leaving.ts'
import { chooseTheme, type ThemeChoice } from './lines/theme.ts'
import type { Effect } from './state/actions.ts'
import { makeState } from './state/first-state.ts'
import { connect } from './state/jobs.ts'
import type { Addresses, State } from './state/state.ts'
import { Store } from './store.ts'
import { clearScreen, copyText, type Suspendable, sizeOf, suspend } from './terminal.ts'

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

/** Runs until somebody leaves, or a signal ends it. */
export const runTui = async (options: TuiOptions): Promise<Leaving> => {
  const view = await loadView()
  const ended = Promise.withResolvers<{ readonly error?: unknown }>()
  const shown: Shown = { app: null }
  const engine = new Engine(options, {
    open: options.open,
    tell: (action) => store.dispatch(action),
    fail: (error) => ended.resolve({ error }),
  })
  const perform = performing(options, { engine, shown, leave: () => ended.resolve({}) })
  const [first, ...effects] = begun(makeState({ ...options, size: sizeOf(options.stdout) }))
  const store = new Store(first, perform)
  const signal = hearSignal(options, store)
  const drawing = draw(view, options, { store, shown })
  for (const effect of effects) perform(effect)
  const { error } = await ended.promise
  signal.stop()
  drawing.stop()
  store.close()
  await drawing.close()
  // What is under way ends first: only then is it known what there is to tell.
  await engine.close()
  const words = leavingWords(store.read())
  if (words.length > 0) writeSync(1, `${words.join('\n')}\n`)
  if (error !== undefined) throw error
  return endingOf(store.read(), signal.heard())
}

/** What can let go of the terminal, once it is drawn on. */
interface Shown {
  app: Suspendable | null
}

const loadView = async () => {
  // React is several times slower with its checks on, and reads this when it is loaded.
  process.env.NODE_ENV ??= 'production'
  const [{ render }, { App }, { createElement }] = await Promise.all([
    import('ink'),
    import('./app.tsx'),
    import('react'),
  ])
  return { render, App, createElement }
}

/** Does outside what the reducer asks for. */
const performing =
  (
    { stdout }: TuiOptions,
    { engine, shown, leave }: { readonly engine: Engine; readonly shown: Shown; readonly leave: () => void },
  ) =>
  (effect: Effect): void => {
    switch (effect.do) {
      case 'work':
        engine.start(effect.ticket, effect.work)
        break
      case 'cancel':
        engine.cancel(effect.ticket)
        break
      case 'copy':
        copyText(stdout, effect.text)
        break
      case 'suspend':
        void suspend(shown.app)
        break
      case 'leave':
        leave()
    }
  }

/** The state when a signal came, if one did. */
const hearSignal = (
  { signal }: TuiOptions,
  store: Store,
): { readonly heard: () => State | null; readonly stop: () => void } => {
  let heard: State | null = null
  const end = (): void => {
    heard = store.read()
    store.dispatch({ type: 'end' })
  }
  signal.addEventListener('abort', end, { once: true })
  return { heard: () => heard, stop: () => signal.removeEventListener('abort', end) }
}

/** Draws every state, and anew after a change of size until stopped. */
const draw = (
  { render, App, createElement }: Awaited<ReturnType<typeof loadView>>,
  options: TuiOptions,
  { store, shown }: { readonly store: Store; readonly shown: Shown },
): { readonly stop: () => void; readonly close: () => Promise<void> } => {
  const { env, stdin, stdout, stderr } = options
  const isSpoken = env.INK_SCREEN_READER === 'true'
  const drawn = { current: store.read() }
  const onReady = (app: Suspendable): void => {
    shown.app = app
  }
  const instance = render(createElement(App, { store, theme: chooseTheme(options, env), drawn, isSpoken, onReady }), {
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
  })
  const resized = (): void => {
    clearScreen(stdout)
    instance.clear()
    store.dispatch({ type: 'resize', size: sizeOf(stdout) })
  }
  stdout.on('resize', resized)
  return {
    stop: () => {
      stdout.off('resize', resized)
    },
    close: async () => {
      // A screen that grew meanwhile keeps the old frame unless an empty one is drawn first.
      instance.rerender(null)
      await setTimeout(40)
      instance.unmount()
      await instance.waitUntilExit().catch(() => undefined)
    },
  }
}

const begun = (state: State): ReturnType<typeof connect> => {
  const { addresses } = state
  if (addresses.live === '' || addresses.backup === '') return [state]
  return connect({ ...state, connection: { state: 'opening', error: null } })
}
