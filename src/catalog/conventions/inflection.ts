/** From the name of a class to the table that holds its rows, as Rails names it. Pure. */

const irregular: readonly (readonly [singular: string, plural: string])[] = [
  ['person', 'people'],
  ['man', 'men'],
  ['child', 'children'],
  ['mouse', 'mice'],
  ['ox', 'oxen'],
  ['foot', 'feet'],
  ['tooth', 'teeth'],
  ['goose', 'geese'],
  ['sex', 'sexes'],
  ['move', 'moves'],
  ['zombie', 'zombies'],
]

const uncountable = new Set(
  'equipment information rice money species series fish sheep jeans police news media data metadata staff'.split(' '),
)

const endings: readonly (readonly [RegExp, string])[] = [
  [/(quiz)$/, '$1zes'],
  [/(matr|vert|ind)(ix|ex)$/, '$1ices'],
  [/(x|ch|ss|sh|z)$/, '$1es'],
  [/([^aeiouy]|qu)y$/, '$1ies'],
  [/(hive)$/, '$1s'],
  [/([^f])fe$/, '$1ves'],
  [/([lr])f$/, '$1ves'],
  [/sis$/, 'ses'],
  [/([ti])um$/, '$1a'],
  [/(buffal|tomat|potat|her)o$/, '$1oes'],
  [/(bus|alias|status|campus|virus)$/, '$1es'],
  [/(octop)us$/, '$1i'],
  [/(ax|test)is$/, '$1es'],
  [/s$/, 's'],
  [/$/, 's'],
]

/** The plural of a word in lower case; of several words joined by `_`, that of the last one. */
export const pluralise = (words: string): string => {
  const [, before = '', word = ''] = /^(.*_)?([^_]*)$/s.exec(words) ?? []
  if (uncountable.has(word)) return words
  const isCompound = /(person|child|woman|[^u]man)$/.test(word) && word !== 'human'
  const known = irregular.find(([singular]) => word === singular || (isCompound && word.endsWith(singular)))
  if (known !== undefined) return before + word.slice(0, -known[0].length) + known[1]
  const [pattern, plural] = endings.find(([ending]) => ending.test(word)) ?? [/$/, 's']
  return before + word.replace(pattern, plural)
}

/** `BlogPost` -> `blog_post`, `HTMLPage` -> `html_page`. */
export const underscore = (name: string): string =>
  name
    .replace(/([A-Z\d]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()

/** Names a table of the class may have, likeliest first: `Admin::User` -> `admin_users`, `users`, then both in the singular. */
export const tablesOfClass = (name: string): readonly string[] => {
  if (!/^[A-Z]\w*(::[A-Z]\w*)*$/.test(name)) return []
  const parts = name.split('::').map(underscore)
  const [all, last] = [parts.join('_'), parts.at(-1) ?? '']
  return [...new Set([pluralise(all), pluralise(last), all, last])]
}
