import { runDemo } from '../../demo/demo.ts'
import { executeSql } from '../../index.ts'
import type { Io } from '../io.ts'
import { whyNoScreen } from './ui.ts'

type Run = (argv: readonly string[], io: Io) => Promise<number>

export interface DemoFlags {
  readonly story?: boolean
}

/** `rowgraft demo`: on the screen where there is one; else its commands run in this process, with nobody to ask. */
export const demo = (io: Io, run: Run, { story }: DemoFlags): Promise<number> => {
  const { ask: _, terminal: __, ...quiet } = io
  const hasScreen = story !== true && whyNoScreen(io) === null
  return runDemo({
    run: (argv, env) => run(argv, { ...quiet, env, isInteractive: false }),
    execute: executeSql,
    stdout: { write: io.stdout },
    interactive: io.isInteractive,
    ...(hasScreen ? { openScreen: (env) => run(['ui'], { ...io, env }) } : {}),
    env: io.env,
    signal: io.signal,
  })
}
