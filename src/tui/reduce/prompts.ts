/** Prompts: what is asked for, how it is typed, what becomes of it. Pure. */
import { parseFilter, RowgraftError } from '../../data.ts'
import type { Transition } from '../state/actions.ts'
import { beginWork, connect } from '../state/jobs.ts'
import type { KeyName } from '../state/keys.ts'
import type { Overlay } from '../state/overlay.ts'
import { rowsOf, type State, screenOf } from '../state/state.ts'
import { needPlan } from './going.ts'
import { settle, withScreen } from './moving.ts'
import { openPrompt, withOverlay, withoutOverlay } from './opening.ts'
import { runReviewed } from './reviewing.ts'

type PromptOverlay = Extract<Overlay, { kind: 'prompt' }>

/** `/`: what is filtered depends on the screen. */
export const askFilter = (state: State): State => {
  const screen = screenOf(state)
  if (screen.at === 'rows') {
    return openPrompt(
      state,
      {
        for: { what: 'filter' },
        title: 'filter',
        hint: 'a word · title ~ dog · id > 100 and title is null · + ~ · ? by state · where <sql>',
      },
      rowsOf(state, screen.source)?.filter ?? '',
    )
  }
  if (screen.at !== 'tables' && screen.at !== 'incidents') return state
  return openPrompt(
    state,
    { for: { what: 'table filter' }, title: 'filter', hint: 'part of a name; enter keeps it, esc drops it' },
    screen.filter,
  )
}

export const askStatement = (state: State, text = ''): State =>
  openPrompt(
    state,
    {
      for: { what: 'statement' },
      title: 'the statement you regret',
      hint: 'paste a DELETE, UPDATE or TRUNCATE; enter reads what it did, ctrl-j begins a line, esc leaves',
      isMultiline: true,
    },
    text,
  )

export const askAddress = (state: State, side: 'live' | 'backup'): State =>
  openPrompt(
    state,
    {
      for: { what: 'address', side },
      title: side === 'live' ? 'live: the database that is written' : 'backup: only ever read',
      hint:
        side === 'live'
          ? 'a URL, key=value pairs, or service=name'
          : 'a URL, key=value pairs, service=name, or a dump file',
    },
    state.addresses[side],
  )

const filterRows = (state: State, text: string): Transition => {
  const screen = screenOf(state)
  const rows = screen.at === 'rows' ? rowsOf(state, screen.source) : undefined
  if (screen.at !== 'rows' || rows === undefined) return [state]
  return beginWork(state, {
    kind: 'view',
    source: screen.source,
    list: rows.list,
    filter: text.trim(),
    sort: rows.sort,
  })
}

/** As one types: what can be parsed is looked for at once. */
const typed = (state: State, overlay: PromptOverlay): Transition => {
  const next = withOverlay(state, overlay)
  const { what } = overlay.prompt.for
  const screen = screenOf(state)
  if (what === 'table filter' && (screen.at === 'tables' || screen.at === 'incidents'))
    return [settle(withScreen(next, { ...screen, filter: overlay.text, cursor: 0 }))]
  if (what !== 'filter') return [next]
  try {
    parseFilter(overlay.text)
  } catch (error) {
    if (!(error instanceof RowgraftError)) throw error
    return [withOverlay(state, { ...overlay, error: error.message })]
  }
  // The user's own SQL is sent once it is complete.
  return overlay.text.startsWith('where ') ? [next] : filterRows(next, overlay.text)
}

export const submitPath = (
  state: State,
  wanted: { readonly file: 'plan' | 'script'; readonly path: string; readonly replace: boolean },
): Transition =>
  state.planned === null || wanted.path === ''
    ? [state]
    : beginWork(withoutOverlay(state), { kind: 'save', plan: state.planned.plan, ...wanted })

const submit = (state: State, { prompt: { for: wanted }, text }: PromptOverlay): Transition => {
  const trimmed = text.trim()
  switch (wanted.what) {
    case 'filter':
      return filterRows(withoutOverlay(state), text)
    case 'table filter':
      return [withoutOverlay(state)]
    case 'address': {
      const addresses = { ...state.addresses, [wanted.side]: trimmed, profile: null }
      const next = withoutOverlay({ ...state, addresses, passwords: {} })
      return addresses.live === '' || addresses.backup === '' ? [next] : connect(next)
    }
    case 'password':
      return connect(withoutOverlay({ ...state, passwords: { ...state.passwords, [wanted.side]: text } }))
    case 'save plan':
      return submitPath(state, { file: 'plan', path: trimmed, replace: false })
    case 'save script':
      return submitPath(state, { file: 'script', path: trimmed, replace: false })
    case 'statement':
      return trimmed === ''
        ? [withoutOverlay(state)]
        : beginWork(withoutOverlay(state), { kind: 'statement', statement: trimmed, at: null })
    case 'statement time':
      return beginWork(withoutOverlay(state), { kind: 'statement', statement: wanted.statement, at: trimmed })
    case 'value': {
      const { table, column } = wanted
      const set = [
        ...state.chosen.set.filter((own) => own.table !== table || own.column !== column),
        { table, column, value: text },
      ]
      return needPlan({ ...withoutOverlay(state), chosen: { ...state.chosen, set }, isStale: true })
    }
    case 'name of live': {
      const database = state.connection.state === 'open' ? state.connection.live.database : ''
      if (text === database) return runReviewed(withoutOverlay(state), text)
      return [
        withOverlay(state, {
          ...(state.overlay as PromptOverlay),
          error: `that is not its name: live is "${database}"`,
        }),
      ]
    }
  }
}

const edit = (overlay: PromptOverlay, key: KeyName): PromptOverlay => {
  const characters = [...overlay.text]
  const { caret } = overlay
  const put = (text: string): PromptOverlay => ({
    ...overlay,
    text: [...characters.slice(0, caret), ...text, ...characters.slice(caret)].join(''),
    caret: caret + [...text].length,
    error: null,
  })
  const cut = (from: number, to: number): PromptOverlay => ({
    ...overlay,
    text: [...characters.slice(0, from), ...characters.slice(to)].join(''),
    caret: from,
    error: null,
  })
  switch (key) {
    case 'left':
      return { ...overlay, caret: Math.max(0, caret - 1) }
    case 'right':
      return { ...overlay, caret: Math.min(characters.length, caret + 1) }
    case 'home':
    case 'ctrl-a':
      return { ...overlay, caret: 0 }
    case 'end':
    case 'ctrl-e':
      return { ...overlay, caret: characters.length }
    case 'backspace':
      return caret === 0 ? overlay : cut(caret - 1, caret)
    case 'delete':
      return cut(caret, caret + 1)
    case 'ctrl-u':
      return cut(0, caret)
    case 'ctrl-k':
      return cut(caret, characters.length)
    case 'ctrl-w': {
      const before = characters.slice(0, caret).join('')
      return cut([...before.replace(/\S*\s*$/, '')].length, caret)
    }
    case 'ctrl-j':
      return overlay.prompt.isMultiline ? put('\n') : overlay
    case 'space':
      return put(' ')
    default:
      return [...key].length === 1 ? put(key) : overlay
  }
}

/** A key while a prompt is open. */
export const promptKey = (state: State, overlay: PromptOverlay, key: KeyName): Transition => {
  if (key === 'ctrl-c') return [withoutOverlay(state)]
  if (key === 'esc') {
    if (overlay.prompt.for.what === 'filter') return filterRows(withoutOverlay(state), '')
    const screen = screenOf(state)
    const isTable = overlay.prompt.for.what === 'table filter' && (screen.at === 'tables' || screen.at === 'incidents')
    return [isTable ? settle(withScreen(withoutOverlay(state), { ...screen, filter: '' })) : withoutOverlay(state)]
  }
  if (key === 'enter') return submit(state, overlay)
  const edited = edit(overlay, key)
  return edited.text === overlay.text ? [withOverlay(state, edited)] : typed(state, edited)
}

/** Pasted text goes into a prompt; on the lists it is a statement, which is what people paste there. */
export const paste = (state: State, text: string): Transition => {
  const { overlay } = state
  const clean = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  if (overlay?.kind === 'prompt') {
    const characters = [...overlay.text]
    const put = [...(overlay.prompt.isMultiline ? clean : clean.replaceAll('\n', ' ').trim())]
    const all = [...characters.slice(0, overlay.caret), ...put, ...characters.slice(overlay.caret)].join('')
    return typed(state, { ...overlay, text: all, caret: overlay.caret + put.length, error: null })
  }
  const { at } = screenOf(state)
  if (overlay !== null || state.connection.state !== 'open' || (at !== 'incidents' && at !== 'tables')) return [state]
  return /^\s*(with|delete|update|truncate|--|\/\*)/i.test(clean) ? [askStatement(state, clean.trim())] : [state]
}
