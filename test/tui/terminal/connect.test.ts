/** The way to the databases, where it is not open. */
import { expect, test } from 'vitest'
import { changeUrl } from '../../support/attempts.ts'
import { withDatabases } from '../../support/databases.ts'
import { query } from '../../support/queries.ts'
import { withUi } from '../../support/ui.ts'
import { site } from '../demo-site.ts'
import { isGalleryThere, untilCounted } from './terminal-story.ts'

test('what keeps it from connecting is said with its hint, and another address can be typed', async () => {
  await withDatabases(site, async (databases) => {
    const role = `visitor_${new URL(databases.live).pathname.slice(-8)}`
    await query(databases.live, `create role ${role} superuser login password 'right'`)
    try {
      const wrong = changeUrl(databases.live, (url) => {
        url.username = role
        url.password = 'wrong'
      })
      await withUi({ ...databases, live: 'postgresql://127.0.0.1:1/shop' }, {}, async (terminal) => {
        await terminal.until('! cannot connect to')
        expect(terminal.screen()).toMatch(/ECONNREFUSED[\s\S]*Check host and port \(127\.0\.0\.1:1\)/)
        terminal.press('k')
        await terminal.until(/❯ LIVE/)
        terminal.press('enter')
        await terminal.until('live: the database that is written')
        terminal.press('ctrl-u')
        terminal.paste(wrong)
        await terminal.until(new RegExp(role))
        terminal.press('enter')
        await terminal.until(/password authentication failed[\s\S]*Check the user and the password/)
        expect(terminal.screen()).not.toContain('wrong')
        await query(databases.live, `alter role ${role} password 'wrong'`)
        terminal.press('ctrl-r')
        await untilCounted(terminal)
        terminal.press('q')
        expect(await terminal.exit).toEqual({ code: 0, signal: null })
      })
    } finally {
      await query(databases.backup, `drop role ${role}`)
    }
  })
})

test('goes on after the server has ended its sessions', async () => {
  await withDatabases(site, async ({ live, backup }) => {
    const endSessions = (url: string): Promise<unknown> =>
      query(
        url,
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      )
    await withUi({ live, backup }, {}, async (terminal) => {
      await untilCounted(terminal)
      await endSessions(live)
      await endSessions(backup)
      terminal.press('enter')
      await terminal.until(/^ gallery of gallery "Pets"[\s\S]*Dogs, cats/m)
      await endSessions(live)
      await endSessions(backup)
      terminal.press('space', 'r')
      await terminal.until('R  restores')
      await endSessions(live)
      await endSessions(backup)
      terminal.press('R')
      await terminal.until('verified against the backup, committed')
      expect(await isGalleryThere(live)).toBe(true)
    })
  })
})

test('a password that nothing gives is asked for, shown as stars, and asked for again where it was wrong', async () => {
  await withDatabases(site, async (databases) => {
    const password = decodeURIComponent(new URL(databases.live).password)
    const live = changeUrl(databases.live, (url) => Object.assign(url, { password: '' }))
    await withUi({ ...databases, live }, { env: { HOME: '/nowhere' } }, async (terminal) => {
      await terminal.until('password for live')
      terminal.press(...'not-it', 'enter')
      await terminal.until(/! cannot connect to[\s\S]*password authentication failed/)
      terminal.press('ctrl-r')
      await terminal.until('password for live')
      terminal.press(...password)
      await terminal.until('*'.repeat(password.length))
      terminal.press('enter')
      await untilCounted(terminal)
      expect(terminal.raw()).not.toContain('not-it')
      expect(terminal.raw()).not.toContain(password)
      terminal.press('q')
      expect(await terminal.exit).toEqual({ code: 0, signal: null })
    })
  })
})
