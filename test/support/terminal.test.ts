import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Terminal, type TerminalOptions, withTerminal } from './terminal.ts'

const script = join(import.meta.dirname, 'terminal', 'counter.ts')

const withCounter = (work: (terminal: Terminal) => Promise<void>, options: Partial<TerminalOptions> = {}) =>
  withTerminal({ command: process.execPath, args: [script], ...options }, async (terminal) => {
    await terminal.until('presses 0')
    await work(terminal)
  })

test('shows the screen of a program, with its colours and wide characters', async () => {
  await withCounter(async (terminal) => {
    expect(terminal.screen()).toBe('presses 0\nlast ""\nsize 80x24\n日本 ▸ 🐕 e\u0301|')
    const [first = [], , , fourth = []] = terminal.cells()
    expect(first[0]).toMatchObject({ text: 'p', foreground: 4, background: 'default', isBold: true, width: 1 })
    expect(first[8]).toMatchObject({ text: '0', foreground: 'default', isBold: false })
    expect(fourth.slice(0, 4).map(({ text, width }) => [text, width])).toEqual([
      ['日', 2],
      ['', 0],
      ['本', 2],
      ['', 0],
    ])
    expect(fourth[5]).toMatchObject({ text: '▸', foreground: '#ff8000' })
    expect(fourth.slice(7, 12).map(({ text }) => text)).toEqual(['🐕', '', ' ', 'e\u0301', '|'])
    expect(terminal.isAlternate).toBe(true)
    expect(terminal.cursor).toEqual({ column: 12, row: 3, isVisible: false })
    expect(terminal.modes).toEqual({ isPasteBracketed: true, hasMouse: false, hasFocusEvents: false })
  })
})

test.each([
  ['enter', '"\\r"'],
  ['esc', '"\\u001b"'],
  ['up', '"\\u001b[A"'],
  ['pgdn', '"\\u001b[6~"'],
  ['ctrl-c', '"\\u0003"'],
  ['space', '" "'],
  ['alt-x', '"\\u001bx"'],
  ['ctrl', '"ctrl"'],
  ['ä', '"ä"'],
])('presses %s', async (key, sent) => {
  await withCounter(async (terminal) => {
    terminal.press(key)
    await terminal.until('presses 1')
    expect(terminal.line(1)).toBe(`last ${sent}`)
  })
})

test('looks at complete frames alone', async () => {
  await withCounter(async (terminal) => {
    const seen = new Set<string>()
    const watching = terminal.until(() => {
      seen.add(terminal.screen().replaceAll(/\d+x\d+|".*"/g, '_'))
      return terminal.screen().includes('presses 20')
    })
    for (let presses = 1; presses <= 20; presses++) {
      terminal.press('j')
      await terminal.until(`presses ${presses}`)
    }
    await watching
    expect([...seen]).toEqual(
      Array.from({ length: 21 }, (_, index) => `presses ${index}\nlast _\nsize _\n日本 ▸ 🐕 e\u0301|`),
    )
  })
})

test('pastes in brackets where they were asked for', async () => {
  await withCounter(async (terminal) => {
    terminal.paste('a\nb')
    await terminal.until('presses 1')
    expect(terminal.line(1)).toBe('last "\\u001b[200~a\\nb\\u001b[201~"')
  })
})

test('tells the program of a new size', async () => {
  await withCounter(async (terminal) => {
    terminal.resize(40, 10)
    await terminal.until('size 40x10')
    expect(terminal.cells().map((line) => line.length)).toEqual(Array(10).fill(40))
  })
})

test('keeps what is on the normal screen after the program has left', async () => {
  await withCounter(async (terminal) => {
    terminal.press('q')
    expect(await terminal.exit).toEqual({ code: 3, signal: null })
    expect(terminal.normalScreen()).toBe('1 presses')
    expect(terminal.isAlternate).toBe(false)
    expect(terminal.cursor.isVisible).toBe(true)
    expect(terminal.modes.isPasteBracketed).toBe(false)
    const sent = terminal.raw()
    expect(sent.startsWith('\x1b[?1049h')).toBe(true)
    expect(sent.endsWith('\x1b[?1049l1 presses\r\n')).toBe(true)
  })
})

test('tells of the signal that ended the program', async () => {
  await withCounter(async (terminal) => {
    terminal.kill('SIGKILL')
    expect(await terminal.exit).toEqual({ code: null, signal: 'SIGKILL' })
    expect(terminal.isAlternate).toBe(true)
  })
})

test('says what is on screen when it has waited in vain', async () => {
  await withCounter(async (terminal) => {
    await expect(terminal.until(/presses \d{2}/, { timeoutMs: 50 })).rejects.toThrow(
      'waited 0.05 s for /presses \\d{2}/; the screen:\n│presses 0\n│last ""',
    )
  })
})

test('does not wait for a program that has ended', async () => {
  await withTerminal({ command: '/bin/sh', args: ['-c', 'echo gone; exit 4'] }, async (terminal) => {
    await expect(terminal.until('back')).rejects.toThrow(
      'the program ended (exit code 4) before "back"; the screen:\n│gone',
    )
    await expect(terminal.until('back')).rejects.toThrow('the program has ended without "back"')
    expect((await terminal.until('gone')).screen).toBe('gone')
  })
})

test('inherits nothing but what a terminal has', async () => {
  const options = { command: '/bin/sh', args: ['-c', 'echo "[$LANG] [$TERM] [$NODE_ENV] [$COLOR]"'] }
  await withTerminal({ ...options, env: { LANG: undefined, COLOR: 'blue' } }, async (terminal) => {
    await terminal.exit
    expect(terminal.screen()).toBe('[] [xterm-256color] [] [blue]')
  })
})

test('a shell in it has job control', async () => {
  const shell = { command: 'bash', args: ['--norc', '--noprofile', '-i'], env: { PS1: '$ ', HISTFILE: '' } }
  await withTerminal(shell, async (terminal) => {
    await terminal.until(/^\$ *$/m)
    terminal.press(`'${process.execPath}' '${script}'`, 'enter')
    await terminal.until('presses 0')
    terminal.press('z')
    await terminal.until(/Stopped/)
    expect(terminal.isAlternate).toBe(false)
    terminal.press('fg', 'enter')
    await terminal.until('presses 1')
    expect(terminal.isAlternate).toBe(true)
    terminal.press('q')
    await terminal.until('2 presses')
    terminal.press('exit', 'enter')
    expect(await terminal.exit).toEqual({ code: 3, signal: null })
  })
})

test('closes on a program that does not listen', async () => {
  const stubborn = `process.on('SIGHUP', () => process.stdout.write('no')); setInterval(() => {}, 1000); console.log('up')`
  let pid = 0
  await withTerminal({ command: process.execPath, args: ['-e', stubborn], patience: 200 }, async (terminal) => {
    await terminal.until('up')
    pid = terminal.pid
  })
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
