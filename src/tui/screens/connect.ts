/** The two ends: which is written, which is only read, and what keeps them from opening. Pure. */
import { redactAddress } from '../../format/sanitise.ts'
import type { SideInfo } from '../../index.ts'
import { cursorMark, describeJob, paragraph, spinner } from '../lines/cells.ts'
import { blank, type Line, line } from '../lines/line.ts'
import { jobOf, type Screen, type Size, type State } from '../state/state.ts'

type ConnectScreen = Extract<Screen, { at: 'connect' }>

const sideLine = (state: State, screen: ConnectScreen, side: 'live' | 'backup'): readonly Line[] => {
  const isLive = side === 'live'
  const given = state.addresses[side]
  const open: SideInfo | null = state.connection.state === 'open' ? state.connection[side] : null
  const address = given === '' ? 'not given' : redactAddress(given)
  return [
    {
      ...line(
        cursorMark({ isCurrent: screen.field === side }),
        isLive ? [' LIVE ', 'live'] : [' BACKUP ', 'strong'],
        isLive ? '   ' : ' ',
        [address, given === '' ? 'error' : 'plain'],
      ),
      isCurrent: screen.field === side,
    },
    line('           ', [isLive ? 'will be written' : 'is only read', 'dim']),
    ...(open === null ? [] : [line('           ', `PostgreSQL ${open.version}, database ${open.database}`)]),
    ...(given === ''
      ? [
          line('           ', [
            isLive
              ? 'enter types it, or start with --live <url>, ROWGRAFT_LIVE, --profile'
              : 'enter types it, or start with --backup <url or file>, ROWGRAFT_BACKUP',
            'dim',
          ]),
        ]
      : []),
  ]
}

export const drawConnect = (state: State, screen: ConnectScreen, { columns }: Size): readonly Line[] => {
  const job = jobOf(state, 'connect')
  const { connection, addresses } = state
  const error = connection.state === 'open' ? null : connection.error
  return [
    line(' Bring rows back from a backup into live. Nothing is written before you say so.'),
    blank,
    ...sideLine(state, screen, 'live'),
    blank,
    ...sideLine(state, screen, 'backup'),
    ...(addresses.profile === null ? [] : [blank, line(`    profile ${addresses.profile}`)]),
    blank,
    ...(job === undefined ? [] : [line(` ${spinner(state)} ${describeJob(state, job)}`)]),
    ...(error === null || job !== undefined
      ? []
      : [
          ...paragraph(`! ${error.text}`, columns, { role: 'error' }),
          ...(error.detail ?? '')
            .split('\n')
            .flatMap((part) => (part === '' ? [] : paragraph(part, columns, { by: 3 }))),
          ...(error.hint === undefined ? [] : paragraph(error.hint, columns, { by: 3, role: 'strong' })),
        ]),
  ]
}
