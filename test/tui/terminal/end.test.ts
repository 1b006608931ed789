/** Whatever ends the UI: the terminal is as it was, and live is whole. */
import type pg from 'pg'
import { expect, test } from 'vitest'
import { type DatabasePair, withDatabases } from '../../support/databases.ts'
import { dumpRows, withClient } from '../../support/queries.ts'
import type { Terminal } from '../../support/terminal.ts'
import { withUi } from '../../support/ui.ts'
import { site } from '../demo-site.ts'
import { leftBehind, review, untilCounted, untouched } from './terminal-story.ts'

interface HeldUp extends DatabasePair {
  readonly terminal: Terminal
  /** Of the one that holds the lock. */
  readonly client: pg.Client
  readonly before: readonly string[]
}

/** A restore that has begun and waits for a table that somebody else has locked. */
const withHeldUp = (
  { mode, until }: { readonly mode: string; readonly until: string },
  work: (held: HeldUp) => Promise<void>,
): Promise<void> =>
  withDatabases(site, async (databases) => {
    const before = await dumpRows(databases.live)
    await withClient(databases.live, (client) =>
      withUi(databases, {}, async (terminal) => {
        await review(terminal)
        await client.query(`begin; lock table gallery in ${mode} mode`)
        terminal.press('R')
        await terminal.until(until)
        await work({ ...databases, terminal, client, before })
      }),
    )
  })

/** It cannot even read the table. */
const atTheDoor = { mode: 'access exclusive', until: 'Restoring' }

/** It has copied its rows and holds locks of its own, and cannot insert. */
const inTheMidst = { mode: 'share', until: 'locking rows' }

/** Resolves when whoever waited for the lock has had it and is gone. */
const passOn = async (client: pg.Client): Promise<void> => {
  await client.query('rollback')
  await client.query('begin; lock table gallery in access exclusive mode; rollback')
}

test('signals while nothing is under way', async () => {
  await withDatabases(site, async (databases) => {
    const end = (signal: NodeJS.Signals): Promise<void> =>
      withUi(databases, {}, async (terminal) => {
        await untilCounted(terminal)
        terminal.kill(signal)
        expect(await terminal.exit).toEqual({ code: signal === 'SIGTERM' ? 143 : 130, signal: null })
        expect(leftBehind(terminal)).toEqual(untouched)
        expect(terminal.normalScreen()).toBe('')
      })
    await Promise.all((['SIGTERM', 'SIGHUP', 'SIGINT'] as const).map(end))
  })
})

test.each([atTheDoor, inTheMidst])('SIGTERM while a restore waits for a lock in $mode mode', async (lock) => {
  await withHeldUp(lock, async ({ live, terminal, client, before }) => {
    terminal.kill('SIGTERM')
    expect(await terminal.exit).toEqual({ code: 143, signal: null })
    expect(leftBehind(terminal)).toEqual(untouched)
    expect(terminal.normalScreen()).toBe('The last run was rolled back: live is as it was before.')
    await passOn(client)
    expect(await dumpRows(live)).toEqual(before)
  })
})

test.each([atTheDoor, inTheMidst])('killed while a restore waits for a lock in $mode mode', async (lock) => {
  await withHeldUp(lock, async ({ live, terminal, client, before }) => {
    terminal.kill('SIGKILL')
    expect(await terminal.exit).toEqual({ code: null, signal: 'SIGKILL' })
    await passOn(client)
    expect(await dumpRows(live)).toEqual(before)
  })
})

test('Ctrl-C asks before it stops a run, and what was picked is picked still', async () => {
  await withHeldUp(inTheMidst, async ({ live, terminal, client, before }) => {
    terminal.press('ctrl-c')
    await terminal.until('Stop the run, and roll back all of it?')
    terminal.press('N')
    await terminal.until((own) => !own.screen().includes('Stop the run'))
    terminal.press('ctrl-c')
    await terminal.until('Stop the run, and roll back all of it?')
    terminal.press('y')
    const { screen } = await terminal.until('Live is unchanged')
    expect(screen).toContain('1 picked')
    await client.query('rollback')
    expect(await dumpRows(live)).toEqual(before)
    terminal.press('r')
    await terminal.until('R  restores')
    terminal.press('R')
    await terminal.until('verified against the backup, committed')
  })
})

test('Ctrl-C twice stops at once', async () => {
  await withHeldUp(inTheMidst, async ({ live, terminal, client, before }) => {
    terminal.press('ctrl-c')
    await terminal.until('Stop the run, and roll back all of it?')
    terminal.press('ctrl-c')
    await terminal.until('Live is unchanged')
    await client.query('rollback')
    expect(await dumpRows(live)).toEqual(before)
    terminal.press('ctrl-c')
    await terminal.until('1 pick would be lost')
    terminal.press('y')
    expect(await terminal.exit).toEqual({ code: 0, signal: null })
    expect(leftBehind(terminal)).toEqual(untouched)
  })
})
