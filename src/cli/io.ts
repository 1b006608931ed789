/** Everything a command reaches outside for, so that it can run in a test, or inside of the demo. */

export interface Io {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Resolves when what was written to stdout has been taken; for long output. */
  readonly drain?: () => Promise<void>
  readonly readStdin: () => Promise<string>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Standard input, output and error are all terminals: somebody is there to answer. */
  readonly isInteractive: boolean
  /** Standard error is a terminal: progress is one line that changes. The same as `isInteractive` where it is not given. */
  readonly showsProgress?: boolean
  /** Standard output is a terminal: no value may drive it. Not so where it is not given. */
  readonly writesToTerminal?: boolean
  readonly hasColor: boolean
  readonly columns: number
  readonly signal: AbortSignal
  /** Where the config file is looked for; the working directory where it is not given. */
  readonly folder?: string
  /** The terminal itself, for screens; not there where commands run inside of something else. */
  readonly terminal?: {
    readonly stdin: NodeJS.ReadStream
    readonly stdout: NodeJS.WriteStream
    readonly stderr: NodeJS.WriteStream
  }
  /** Puts a question on standard error and reads one line. */
  readonly ask?: (question: string) => Promise<string>
  /** The same for what must not be seen; null where there is no answer. */
  readonly askHidden?: (question: string) => Promise<string | null>
}
