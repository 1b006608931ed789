import { run } from '../../src/cli/program.ts'

/** What one command line did. */
export interface CommandResult {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Where a config file is looked for. */
  readonly folder?: string
  readonly signal?: AbortSignal
}

/** Runs a command line in this process, without a terminal. */
export const command = async (argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> => {
  let stdout = ''
  let stderr = ''
  const exit = await run(argv, {
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => {
      stderr += text
    },
    folder: options.folder ?? process.cwd(),
    readStdin: async () => options.stdin ?? '',
    env: { HOME: process.env.HOME, PATH: process.env.PATH, ...options.env },
    isInteractive: false,
    hasColor: false,
    columns: 100,
    signal: options.signal ?? new AbortController().signal,
  })
  return { exit, stdout, stderr }
}
