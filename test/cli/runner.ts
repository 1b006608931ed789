import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/program.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command line in this process, away from a terminal unless `io` says otherwise. */
export const runCli = async (argv: readonly string[], io: Partial<Io> = {}): Promise<Ran> => {
  const written = { stdout: '', stderr: '' }
  const code = await run(argv, {
    stdout: (text) => {
      written.stdout += text
    },
    stderr: (text) => {
      written.stderr += text
    },
    readStdin: async () => '',
    env: {},
    isInteractive: false,
    hasColor: false,
    columns: 100,
    signal: new AbortController().signal,
    ...io,
  })
  return { code, ...written }
}
