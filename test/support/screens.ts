/** The terminal UI without a terminal: keys in, frames out as text, on real databases. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../src/index.ts'
import { Engine } from '../../src/tui/effects/engine.ts'
import type { Surroundings } from '../../src/tui/effects/work.ts'
import { lineText } from '../../src/tui/lines/line.ts'
import { drawFrame } from '../../src/tui/screens/frame.ts'
import type { Effect } from '../../src/tui/state/actions.ts'
import { makeState } from '../../src/tui/state/first-state.ts'
import { connect } from '../../src/tui/state/jobs.ts'
import type { Limits } from '../../src/tui/state/limits.ts'
import type { Size, State } from '../../src/tui/state/state.ts'
import { Store } from '../../src/tui/store.ts'
import type { DatabasePair } from './databases.ts'

export interface Screens {
  readonly state: () => State
  /** The frame as text, trimmed at the right; what differs from run to run is told the same way each time. */
  readonly frame: () => string
  /** Presses keys one after the other; each is waited for until nothing is under way, and its frame counts as painted. */
  readonly press: (...keys: readonly string[]) => Promise<string>
  /** Presses a key, and waits for nothing. */
  readonly touch: (key: string) => void
  readonly paste: (text: string) => Promise<string>
  readonly type: (text: string) => Promise<string>
  readonly resize: (size: Size) => string
  readonly settled: () => Promise<void>
  readonly effects: readonly Effect[]
  readonly folder: string
}

export interface ScreenOptions {
  readonly size?: Size
  readonly config?: Config
  readonly isReadOnly?: boolean
  readonly surroundings?: Partial<Surroundings>
  /** From which size on tables are read only when somebody asks. */
  readonly limits?: Limits
}

/** Times, ids of runs and of incidents, addresses and bytes are other ones each time. */
const steady = (text: string, { live, backup }: DatabasePair): string => {
  const nameOf = (url: string): string => new URL(url).pathname.slice(1)
  const same = (by: string) => (found: string) => by.padEnd(found.length).slice(0, found.length)
  return (
    text
      .replaceAll(nameOf(live), 'shop'.padEnd(nameOf(live).length, '_'))
      .replaceAll(nameOf(backup), 'then'.padEnd(nameOf(backup).length, '_'))
      .replace(/postgres@127\.0\.0\.1:\d+/g, same('postgres@127.0.0.1:54321'))
      .replace(/(?<=^|[^\d])127\.0\.0\.1:\d+/gm, same('127.0.0.1:54321'))
      .replace(/\d\d:\d\d:\d\d/g, '02:00:00')
      // The day of a run.
      .replace(/\d{4}-\d\d-\d\d(?= 02:00:00 +\d)/g, '2026-11-28')
      .replace(/\d+(?:\.\d)? (?:ms|s)(?=$|[ :.])/gm, 'N s')
      .replace(/\[[a-z0-9]{6}\]/g, '[k3f9tx]')
      .replace(/(?<=\bRun |undo |Undo of )[a-z0-9]{5}(?=\.|\b\s*$|:)|(?<=^ ❯ )[a-z0-9]{5}(?= {7}[a-z])/gm, 'k3f9x')
      .replace(/[\d.]+ (?:bytes|kB) of WAL/g, 'some kB of WAL')
  )
}

const textOf = (state: State, databases: DatabasePair): string =>
  steady(
    drawFrame(state)
      .map((own) => lineText(own).trimEnd())
      .join('\n'),
    databases,
  )

/** Opens the UI on a pair of databases, runs `work` with it, and closes it. */
export const withScreens = async (
  databases: DatabasePair,
  options: ScreenOptions,
  work: (screens: Screens) => Promise<void>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'rowgraft-screens-'))
  const effects: Effect[] = []
  let broken: unknown = null
  const size = options.size ?? { columns: 80, rows: 24 }
  const addresses = { live: databases.live, backup: databases.backup, profile: null }
  const perform = (effect: Effect): void => {
    if (effect.do === 'work') engine.start(effect.ticket, effect.work)
    else if (effect.do === 'cancel') engine.cancel(effect.ticket)
    else effects.push(effect)
  }
  const engine: Engine = new Engine(
    {
      exists: async () => false,
      savePlan: async () => undefined,
      saveScript: async () => undefined,
      runOptions: {},
      ...options.surroundings,
    },
    {
      open: async ({ live, backup }) => ({
        live,
        backup,
        journal: join(folder, 'journal'),
        env: {},
        ...(options.config === undefined ? {} : { config: options.config }),
      }),
      tell: (action) => store.dispatch(action),
      fail: (error) => {
        broken = error
        store.dispatch({ type: 'end' })
      },
    },
  )
  const { isReadOnly = false, limits } = options
  const state = makeState({ addresses, size, isReadOnly, ...(limits === undefined ? {} : { limits }) })
  const [first, ...rest] = connect(state)
  const store: Store = new Store(first, perform)
  for (const effect of rest) perform(effect)
  const paint = (): void => {
    // What a frame shows counts once it has been on the terminal; an empty one comes before a frame of another size.
    for (let shown = store.read(); ; shown = store.read()) {
      store.dispatch({ type: 'painted', state: shown })
      if (store.read() === shown) return
    }
  }
  const settled = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (broken !== null) reject(broken)
        else if (store.read().jobs.length > 0) return
        else resolve()
        stop()
      }
      const stop = store.watch(look)
      look()
    })
  const frame = (): string => textOf(store.read(), databases)
  const press = async (...keys: readonly string[]): Promise<string> => {
    for (const key of keys) {
      store.dispatch({ type: 'key', key })
      await settled()
      paint()
    }
    return frame()
  }
  try {
    await settled()
    paint()
    await work({
      state: store.read,
      frame,
      press,
      touch: (key) => store.dispatch({ type: 'key', key }),
      paste: async (text) => {
        store.dispatch({ type: 'paste', text })
        await settled()
        paint()
        return frame()
      },
      type: (text) => press(...[...text].map((character) => (character === ' ' ? 'space' : character))),
      resize: (next) => {
        store.dispatch({ type: 'resize', size: next })
        paint()
        return frame()
      },
      settled,
      effects,
      folder,
    })
    if (broken !== null) throw broken
  } finally {
    store.close()
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
}
