/** A password that nothing gives is asked for on a terminal: what is typed is shown nowhere and kept nowhere. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Attempts, changeUrl, withAttempts } from '../support/attempts.ts'
import { type Terminal, withTerminal } from '../support/terminal.ts'
import { program } from '../support/ui.ts'

const site = {
  schema: 'create table photo (id integer primary key, title text)',
  backup: "insert into photo values (1, 'gull'), (2, 'tern')",
  live: 'delete from photo where id = 2',
}

/** Both addresses without their password, which is the same for both. */
const withoutPassword = ({ live, backup }: Attempts) => {
  const bare = (url: string): string => changeUrl(url, (own) => Object.assign(own, { password: '' }))
  return { password: decodeURIComponent(new URL(live).password), live: bare(live), backup: bare(backup) }
}

const inTerminal = async (
  work: (terminal: Terminal, facts: { readonly attempts: Attempts; readonly password: string }) => Promise<void>,
  args: readonly string[] = ['restore', 'photo', '2', '--yes'],
): Promise<void> => {
  await withAttempts(site, async (attempts) => {
    const { password, live, backup } = withoutPassword(attempts)
    const env = { ...attempts.env, ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup, HOME: attempts.journal }
    await withTerminal({ command: process.execPath, args: [program, ...args], env, columns: 120 }, (terminal) =>
      work(terminal, { attempts, password }),
    )
  })
}

/** All that a run leaves on disk. */
const readAll = async (folder: string): Promise<string> => {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const plain = files.filter((file) => file.isFile())
  return (await Promise.all(plain.map((file) => readFile(join(file.parentPath, file.name), 'latin1')))).join('\n')
}

test('each database asks for its own, and neither the screen nor the journal shows it', async () => {
  await inTerminal(async (terminal, { attempts, password }) => {
    await terminal.until(/Password for live, .*:/)
    terminal.press(...password, 'enter')
    await terminal.until(/Password for the backup, .*:/)
    terminal.press(...password, 'enter')
    expect(await terminal.exit).toEqual({ code: 0, signal: null })
    expect(terminal.screen()).toContain('1 row back')
    expect(terminal.raw()).not.toContain(password)
    expect(await readAll(attempts.journal)).not.toContain(password)
  })
})

test('a wrong one is refused without being repeated', async () => {
  await inTerminal(async (terminal) => {
    await terminal.until('Password for live')
    terminal.press(...'not-this-one', 'enter')
    expect(await terminal.exit).toEqual({ code: 3, signal: null })
    expect(terminal.screen()).toContain('does not take this user with this password')
    expect(terminal.raw()).not.toContain('not-this-one')
  })
})

test('Ctrl-C at the question leaves with 130, and the terminal echoes again', async () => {
  await inTerminal(async (terminal) => {
    await terminal.until('Password for live')
    terminal.press('a', 'ctrl-c')
    expect(await terminal.exit).toEqual({ code: 130, signal: null })
    expect(terminal.screen()).toContain('interrupted; live is unchanged')
  })
})

test('the end of the input, and an empty answer, are none', async () => {
  for (const key of ['ctrl-d', 'enter']) {
    await inTerminal(async (terminal) => {
      await terminal.until('Password for live')
      terminal.press(key)
      expect(await terminal.exit).toEqual({ code: 3, signal: null })
      expect(terminal.screen()).toContain('no password supplied for')
    })
  }
})

test('nobody is asked with --no-input, or without a terminal', async () => {
  await inTerminal(
    async (terminal) => {
      expect(await terminal.exit).toEqual({ code: 3, signal: null })
      expect(terminal.screen()).toContain('no password supplied for')
      expect(terminal.screen()).not.toContain('Password for')
    },
    ['diff', '--no-input'],
  )
  await withAttempts(site, async (attempts) => {
    const { live, backup } = withoutPassword(attempts)
    const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup, HOME: attempts.journal }
    const { exit, stderr } = await attempts.rowgraft(['diff', '--json'], { env })
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: '' })
  })
})
