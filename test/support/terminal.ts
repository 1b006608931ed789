/**
 * A terminal for tests: a program in a pty of its own, what it prints in an emulator, keys as somebody would press them.
 *
 * A screen is looked at where it is complete: at the end of a synchronized frame (DEC 2026), or after what was read at once by
 * programs that send none.
 */
import { constants } from 'node:os'
import { type IPty, spawn } from '@lydell/node-pty'
import headless from '@xterm/headless'
import { type Cell, readCells, readLines } from './terminal/cells.ts'
import { bytesOfKey } from './terminal/keys.ts'
import { type Shown, Waiters } from './terminal/waiters.ts'
import { modernWidths } from './terminal/widths.ts'

export interface TerminalOptions {
  readonly command: string
  readonly args?: readonly string[]
  /** 80 where it is not given. */
  readonly columns?: number
  /** 24 where it is not given. */
  readonly rows?: number
  /** Besides HOME, PATH, LANG and TERM (xterm-256color), which are set; `undefined` takes one of these away. Nothing else is inherited. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** How long the program may take to go when its terminal is closed, ms; 5,000 where it is not given. */
  readonly patience?: number
}

/** How the program ended: by itself, or by a signal. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
}

/** Text that is on the screen, a pattern of it, or any condition. */
export type Condition = string | RegExp | ((terminal: Terminal) => boolean)

const environment = (options: TerminalOptions): Record<string, string> => {
  const { HOME, PATH } = process.env
  const variables = Object.entries({ HOME, PATH, LANG: 'C.UTF-8', TERM: 'xterm-256color', ...options.env })
  return Object.fromEntries(variables.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

const nameOfSignal = (number: number | undefined): string | null =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null

export class Terminal {
  readonly #pty: IPty
  readonly #emulator: headless.Terminal
  readonly #bytes: Buffer[] = []
  readonly #waiters: Waiters
  readonly #patience: number
  #isCursorVisible = true
  /** When what is being parsed arrived. */
  #arrived = performance.now()
  #ended: Ended | null = null
  /** Resolves when the program has ended and all that it printed is on the screen. */
  readonly exit: Promise<Ended>

  constructor(options: TerminalOptions) {
    const { columns = 80, rows = 24, patience = 5_000 } = options
    this.#patience = patience
    const env = environment(options)
    this.#emulator = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 10_000 })
    this.#emulator.unicode.register(modernWidths)
    this.#emulator.unicode.activeVersion = modernWidths.version
    this.#waiters = new Waiters(() => this.screen())
    this.#pty = spawn(options.command, [...(options.args ?? [])], {
      name: env.TERM ?? 'dumb',
      cols: columns,
      rows,
      env,
      cwd: options.cwd ?? process.cwd(),
      encoding: null,
    })
    this.#listen()
    this.exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        const name = nameOfSignal(signal)
        this.#emulator.write('', () => {
          this.#ended = { code: name === null ? exitCode : null, signal: name }
          this.#waiters.tell(performance.now())
          this.#waiters.end(`the program ended (${name ?? `exit code ${exitCode}`})`)
          resolve(this.#ended)
        })
      })
    })
  }

  #listen(): void {
    const { parser } = this.#emulator
    const mode = (isSet: boolean) => (parameters: readonly (number | number[])[]) => {
      if (parameters.includes(25)) this.#isCursorVisible = isSet
      if (parameters.includes(2026) && !isSet) this.#waiters.tell(this.#arrived)
      return false
    }
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, mode(true))
    parser.registerCsiHandler({ prefix: '?', final: 'l' }, mode(false))
    // Keys, and answers to what the program asks its terminal.
    this.#emulator.onData((data) => this.#pty.write(data))
    this.#pty.onData((data) => {
      // Bytes, as no encoding was asked for; the declaration knows text only.
      const chunk = data as unknown as Buffer
      const arrived = performance.now()
      this.#bytes.push(chunk)
      this.#emulator.write('', () => {
        this.#arrived = arrived
      })
      this.#emulator.write(chunk, () => {
        if (!this.#emulator.modes.synchronizedOutputMode) this.#waiters.tell(arrived)
      })
    })
  }

  get columns(): number {
    return this.#emulator.cols
  }

  get rows(): number {
    return this.#emulator.rows
  }

  /** Of the program that was started. */
  get pid(): number {
    return this.#pty.pid
  }

  /** True while the program shows a screen of its own. */
  get isAlternate(): boolean {
    return this.#emulator.buffer.active.type === 'alternate'
  }

  get cursor(): { readonly column: number; readonly row: number; readonly isVisible: boolean } {
    const { cursorX, cursorY } = this.#emulator.buffer.active
    return { column: cursorX, row: cursorY, isVisible: this.#isCursorVisible }
  }

  /** What the program has asked of the terminal and not taken back. */
  get modes(): { readonly isPasteBracketed: boolean; readonly hasMouse: boolean; readonly hasFocusEvents: boolean } {
    const { bracketedPasteMode, mouseTrackingMode, sendFocusMode } = this.#emulator.modes
    return {
      isPasteBracketed: bracketedPasteMode,
      hasMouse: mouseTrackingMode !== 'none',
      hasFocusEvents: sendFocusMode,
    }
  }

  /** What is on screen, blanks at the ends of lines cut off. */
  screen(): string {
    const { active } = this.#emulator.buffer
    return readLines(active, active.baseY, this.rows).join('\n').trimEnd()
  }

  /** One line of the screen, counted from 0. */
  line(row: number): string {
    const { active } = this.#emulator.buffer
    return readLines(active, active.baseY + row, 1)[0] ?? ''
  }

  cells(): readonly (readonly Cell[])[] {
    return readCells(this.#emulator.buffer.active, this.columns, this.rows)
  }

  /** All of the normal screen, with what has scrolled off: what stays when the program has left its own. */
  normalScreen(): string {
    const { normal } = this.#emulator.buffer
    return readLines(normal, 0, normal.length).join('\n').trimEnd()
  }

  /** Everything the program has sent, control sequences and all. */
  raw(): string {
    return Buffer.concat(this.#bytes).toString('utf8')
  }

  /**
   * Presses keys one after the other: `enter`, `esc`, `pgdn`, `ctrl-c`, `alt-x` by their names, anything else as it is typed.
   * A key after `esc` belongs in a call of its own, once the screen shows what `esc` did: together they are one key with Alt.
   */
  press(...keys: readonly string[]): void {
    for (const key of keys) this.#emulator.input(bytesOfKey(key))
  }

  /** Pastes as terminals do: in brackets where the program has asked for them. */
  paste(text: string): void {
    this.#emulator.input(this.modes.isPasteBracketed ? `\x1b[200~${text}\x1b[201~` : text)
  }

  /** Resolves as soon as the condition holds on a complete screen, which may be at once; rejects with the screen in the message. */
  async until(condition: Condition, { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<Shown> {
    const look = (): boolean => {
      if (typeof condition === 'function') return condition(this)
      return typeof condition === 'string' ? this.screen().includes(condition) : condition.test(this.screen())
    }
    if (!this.#emulator.modes.synchronizedOutputMode && look()) return { screen: this.screen(), at: performance.now() }
    const what = typeof condition === 'string' ? `"${condition}"` : String(condition)
    if (this.#ended !== null) throw new Error(`the program has ended without ${what}; the screen:\n${this.screen()}`)
    return this.#waiters.wait({ look, what, timeoutMs })
  }

  resize(columns: number, rows: number): void {
    this.#emulator.resize(columns, rows)
    this.#pty.resize(columns, rows)
  }

  kill(signal: NodeJS.Signals): void {
    this.#pty.kill(signal)
  }

  /** Closes the terminal as its window would be; whatever does not end by that is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === null) this.#pty.kill('SIGHUP')
    const timer = setTimeout(() => this.#pty.kill('SIGKILL'), this.#patience)
    await this.exit
    clearTimeout(timer)
    this.#emulator.dispose()
  }
}

/** Starts a program in a terminal. For `await using`, which closes it. */
export const openTerminal = (options: TerminalOptions): Terminal => new Terminal(options)

/** Runs `work` with a program in a terminal, which is closed afterwards in any case. */
export const withTerminal = async <Result>(
  options: TerminalOptions,
  work: (terminal: Terminal) => Promise<Result>,
): Promise<Result> => {
  await using terminal = openTerminal(options)
  return await work(terminal)
}
