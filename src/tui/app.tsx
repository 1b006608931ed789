/** The frame on the terminal, and keys from it. One preformatted text per line: a box per cell would take four times as long. */
import { Box, Text, useApp, useInput, usePaste, useStdin } from 'ink'
import { memo, type ReactNode, useEffect, useSyncExternalStore } from 'react'
import { type Line, lineText } from './lines/line.ts'
import { paintLine, type Theme } from './lines/theme.ts'
import { drawFrame } from './screens/frame.ts'
import { typedKeys } from './state/keys.ts'
import type { State } from './state/state.ts'
import type { Store } from './store.ts'

const Row = memo(
  ({ text }: { readonly text: string }): ReactNode => <Text wrap="truncate">{text === '' ? ' ' : text}</Text>,
)

/** What is drawn only to be seen, and blanks that only align, are of no use to ears. */
const spokenText = (own: Line): string =>
  lineText(own)
    .replace(/[│├└─‾]/g, ' ')
    .replace(/ {2,}/g, '  ')
    .trim()

const SpokenRow = ({ own }: { readonly own: Line }): ReactNode => {
  const { aria } = own
  if (aria === undefined) return <Text>{spokenText(own)}</Text>
  const state = {
    ...(aria.isChecked === undefined ? {} : { checked: aria.isChecked }),
    ...(aria.isSelected === undefined ? {} : { selected: aria.isSelected }),
  }
  return (
    <Box aria-role={aria.role} aria-state={state}>
      <Text>{spokenText(own)}</Text>
    </Box>
  )
}

export interface AppProps {
  readonly store: Store
  readonly theme: Theme
  /** The state that is drawn: what is on the terminal is never newer. */
  readonly drawn: { current: State }
  /** Lines are read out one after the other: no rules, no padding. */
  readonly isSpoken: boolean
  /** Hands over what Ink alone can do. */
  readonly onReady: (app: ReturnType<typeof useApp>) => void
}

export const App = ({ store, theme, drawn, isSpoken, onReady }: AppProps): ReactNode => {
  const app = useApp()
  const { setRawMode } = useStdin()
  const state = useSyncExternalStore(store.watch, store.read)
  drawn.current = state
  useEffect(() => {
    setRawMode(true)
    onReady(app)
    return () => setRawMode(false)
  }, [app, onReady, setRawMode])
  useInput((input, key) => {
    for (const name of typedKeys(input, key)) store.dispatch({ type: 'key', key: name })
  })
  usePaste((text) => store.dispatch({ type: 'paste', text }))
  if (state.isBlank) return <Text> </Text>
  const lines = drawFrame(state)
  if (isSpoken) {
    const spoken = lines.filter((own) => spokenText(own) !== '')
    return (
      <Box flexDirection="column">
        {spoken.map((own, position) => (
          <SpokenRow key={`${String(position)}`} own={own} />
        ))}
      </Box>
    )
  }
  return (
    <Box flexDirection="column" width={state.size.columns} height={state.size.rows}>
      {lines.map((own, position) => (
        <Row key={`${String(position)}`} text={paintLine(own, theme)} />
      ))}
    </Box>
  )
}
