/** Relations that nobody declared, with what speaks for each, and the lines of the config file that take them. */
import type { Suggestion } from '../../open/declared/suggested.ts'
import { indent, joinLines } from '../layout.ts'
import { formatColumn, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { polymorphicEntry, relationEntry } from '../reasons/config-lines.ts'
import { sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'

type Found<Kind extends Suggestion['kind']> = Extract<Suggestion, { readonly kind: Kind }>

const formatGaps = (gaps: number | null, orphans: number): string => {
  if (gaps === null || orphans > 0) return ''
  return gaps === 0
    ? '; no number between them is free there, so that the name says more than they do'
    : `; none is among the ${plural(gaps, 'number')} between them that ${gaps === 1 ? 'is' : 'are'} free there`
}

const formatRelation = ({ relation, evidence }: Found<'relation'>): string => {
  const { rows, values, orphans, gaps } = evidence
  const there =
    orphans === 0
      ? values === 1
        ? 'its one value is a key there'
        : `all ${formatCount(values)} values are keys there`
      : `${formatCount(values - orphans)} of ${plural(values, 'value')} are keys there`
  const column = relation.columns.map(formatColumn).join(', ')
  return `${column} → ${formatTable(relation.to)}: ${plural(rows, 'row')}; ${there}${formatGaps(gaps, orphans)}`
}

const formatPolymorphic = ({ relation, rows, unknown }: Found<'polymorphic'>): string => {
  const types = Object.entries(relation.types).map(([type, to]) => `${sanitise(type)} → ${formatTable(to)}`)
  const rest =
    unknown.length === 0 ? '' : `; no table is known for ${unknown.map((type) => `"${sanitise(type)}"`).join(', ')}`
  const columns = `${formatColumn(relation.typeColumn)} and ${formatColumn(relation.idColumn)}`
  return `${columns}: ${types.join(', ')}; ${plural(rows, 'row')}${rest}`
}

const formatSuggestion = (suggestion: Suggestion): string =>
  suggestion.kind === 'relation' ? formatRelation(suggestion) : formatPolymorphic(suggestion)

const configLine = (suggestion: Suggestion): string =>
  suggestion.kind === 'relation' ? relationEntry(suggestion.relation) : polymorphicEntry(suggestion.relation)

const configKey = (key: string, suggestions: readonly Suggestion[]): readonly string[] =>
  suggestions.length === 0
    ? []
    : [`  ${key}: [`, ...suggestions.map((own) => `    ${sanitise(configLine(own))},`), '  ],']

/** What the config file says to follow them all. */
export const formatSuggestedConfig = (suggestions: readonly Suggestion[]): readonly string[] => [
  'export default {',
  ...configKey(
    'relations',
    suggestions.filter(({ kind }) => kind === 'relation'),
  ),
  ...configKey(
    'polymorphic',
    suggestions.filter(({ kind }) => kind === 'polymorphic'),
  ),
  '}',
]

/** All of them, table by table. */
export const formatSuggestions = (suggestions: readonly Suggestion[], { width, style }: Setting): string => {
  if (suggestions.length === 0) {
    return joinLines([
      'No relation is suggested: every column that is called like a reference is one, or holds no such keys.',
    ])
  }
  const tables = [...Map.groupBy(suggestions, ({ relation }) => relation.from)]
  return joinLines([
    style.heading(`${plural(suggestions.length, 'relation')} that nobody declared`),
    ...tables.flatMap(([table, own]) => [
      '',
      style.heading(formatTable(table)),
      ...own.flatMap((suggestion) => indent(formatSuggestion(suggestion), { width, by: 2, hanging: 4 })),
    ]),
    '',
    ...indent('None is followed unless you say so: by --follow suggested, or in rowgraft.config.ts:', { width }),
    '',
    ...formatSuggestedConfig(suggestions),
  ])
}
