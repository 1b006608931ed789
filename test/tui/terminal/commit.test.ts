/** A signal that comes while live commits: the commit is waited for, and the exit code tells the truth. */
import { expect, test } from 'vitest'
import { withDatabases } from '../../support/databases.ts'
import { type FaultProxy, withFaultProxy } from '../../support/fault-proxy.ts'
import type { Terminal } from '../../support/terminal.ts'
import { withUi } from '../../support/ui.ts'
import { site } from '../demo-site.ts'
import { isGalleryThere, leftBehind, review, untouched } from './terminal-story.ts'

/** A restore whose COMMIT has been sent. */
const withCommit = (
  work: (commit: {
    readonly terminal: Terminal
    readonly proxy: FaultProxy
    readonly live: string
    readonly judge: (verdict: 'forward' | 'lose reply') => void
  }) => Promise<void>,
): Promise<void> =>
  withDatabases(site, ({ live, backup }) =>
    withFaultProxy(live, (proxy) =>
      withUi({ live: proxy.url, backup }, {}, async (terminal) => {
        await review(terminal)
        const held = Promise.withResolvers<'forward' | 'lose reply'>()
        const sent = Promise.withResolvers<void>()
        proxy.judge = ({ text }) => {
          if (text !== 'commit\0') return 'forward'
          sent.resolve()
          return held.promise
        }
        terminal.press('R')
        await sent.promise
        await work({ terminal, proxy, live, judge: held.resolve })
      }),
    ),
  )

test('what is being committed is told after the signal', async () => {
  await withCommit(async ({ terminal, live, judge }) => {
    terminal.kill('SIGTERM')
    await terminal.until((own) => !own.isAlternate)
    expect(await isGalleryThere(live)).toBe(false)
    judge('forward')
    expect(await terminal.exit).toEqual({ code: 0, signal: null })
    expect(leftBehind(terminal)).toEqual(untouched)
    expect(terminal.normalScreen()).toMatch(
      /Run ([a-z0-9]{5}): 70 rows written, verified and committed\.\nUndo: rowgraft undo \1$/,
    )
    expect(await isGalleryThere(live)).toBe(true)
  })
})

test('where nobody knows what became of the commit, that is said', async () => {
  await withCommit(async ({ terminal, proxy, judge }) => {
    proxy.judge = () => 'cut'
    judge('lose reply')
    await terminal.until('The outcome is unknown', { timeoutMs: 25_000 })
    terminal.press('ctrl-c')
    await terminal.until('1 pick would be lost')
    terminal.press('y')
    expect(await terminal.exit).toEqual({ code: 6, signal: null })
    expect(terminal.normalScreen()).toBe('Whether the last run is in live is not known. Find out: rowgraft recover')
  })
})
