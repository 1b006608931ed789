/** From whatever was thrown to a message and an exit code. */
import { CommanderError } from 'commander'
import { interrupted, isRowgraftError, RowgraftError } from '../errors.ts'
import { detailOf, formatBug, formatError } from '../format/error.ts'
import { jsonBug, jsonError } from '../format/json.ts'
import { formatJson } from '../format/sanitise.ts'
import { exitCodeOfError, exitCodes } from './exit.ts'
import type { Io } from './io.ts'

const reportTo = 'https://github.com/rowgraft/rowgraft/issues'

/** The arguments up to `--`; what comes after it are keys. */
const flagsOf = (argv: readonly string[]): readonly string[] =>
  argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv

/** Whether the command was to print JSON; it may be the very arguments that could not be read. */
const wantsJson = (argv: readonly string[]): boolean =>
  flagsOf(argv).some((argument, index, all) => {
    const format = argument === '--format' ? all[index + 1] : /^--format=(.*)$/.exec(argument)?.[1]
    return argument === '--json' || format === 'json' || format === 'ndjson'
  })

const hintFor = (error: CommanderError, argv: readonly string[], command: string): string => {
  if (error.code === 'commander.unknownOption' && argv[0]?.startsWith('-') && !command) {
    return 'Write options after the command: rowgraft diff --live <conninfo>.'
  }
  return `Run "rowgraft ${command === '' ? '' : `${command} `}--help" to see what it takes.`
}

/** commander's words in ours: one line, double quotes, and what helps as a hint. */
const usageError = (error: CommanderError, argv: readonly string[], command: string): RowgraftError => {
  const [said = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  // The value of a flag that is misspelt may be a secret.
  const text = error.code === 'commander.unknownOption' ? said.replace(/=.*'$/s, "'") : said
  const [, message = text, advice = ''] = /^(.*? is invalid|too many arguments[^.]*|.*)\. (.*)$/.exec(text) ?? []
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? (advice === '' ? hintFor(error, argv, command) : advice)
  return new RowgraftError('usage', message.replaceAll("'", '"').replace(/\.$/, ''), {
    hint: /[.?]$/.test(hint) ? hint : `${hint}.`,
  })
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

const report = (error: RowgraftError, argv: readonly string[], io: Io): number => {
  if (wantsJson(argv)) io.stdout(`${formatJson(jsonError(error))}\n`)
  else io.stderr(formatError(error, Math.min(100, Math.max(40, io.columns))))
  return exitCodeOfError(error.code)
}

/** Facts for whoever looks closer: `--verbose` adds the code, `--debug` what caused the error. */
const addFacts = (error: RowgraftError, argv: readonly string[]): RowgraftError => {
  const flags = flagsOf(argv)
  const isDebug = flags.includes('--debug')
  if (!isDebug && !flags.includes('--verbose')) return error
  const { cause, sqlstate } = error
  const facts = [
    `code ${error.code}${sqlstate === undefined ? '' : `, SQLSTATE ${sqlstate}`}`,
    ...(isDebug && cause instanceof Error ? [`caused by ${cause.name}: ${cause.message}`] : []),
  ]
  const known = detailOf(error)
  const detail = [...(known === undefined ? [] : [known]), ...facts].join('\n')
  return new RowgraftError(error.code, error.message, { detail, hint: error.hint, cause, sqlstate })
}

/** Prints what went wrong and resolves to the exit code. `command` is the name of the command that was meant, if one was. */
export const reportFailure = (
  error: unknown,
  io: Io,
  { argv, command }: { readonly argv: readonly string[]; readonly command: string },
): number => {
  if (error instanceof CommanderError) {
    return report(usageError(error, argv, command), argv, io)
  }
  if (isRowgraftError(error)) return report(addFacts(error, argv), argv, io)
  if (io.signal.aborted && isAbort(error)) return report(interrupted(), argv, io)
  if (wantsJson(argv)) {
    const message = error instanceof Error ? error.message : String(error)
    io.stdout(`${formatJson(jsonBug(message, `Please report it: ${reportTo}`))}\n`)
  }
  io.stderr(formatBug(error, reportTo))
  return exitCodes.bug
}
