import { runDemo } from '../../demo/demo.ts'
import { executeSql } from '../../index.ts'
import type { Io } from '../io.ts'

type Run = (argv: readonly string[], io: Io) => Promise<number>

/** `rowgraft demo`: its commands run in this process, with nobody to ask. */
export const demo = (io: Io, run: Run): Promise<number> => {
  const { ask: _, ...quiet } = io
  return runDemo({
    run: (argv, env) => run(argv, { ...quiet, env, isInteractive: false }),
    execute: executeSql,
    stdout: { write: io.stdout },
    interactive: io.isInteractive,
    env: io.env,
    signal: io.signal,
  })
}
