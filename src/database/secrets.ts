/**
 * What of the user's own text is never repeated, whoever says it: passwords, and the values of settings, which may be tokens of an
 * application. Settings are told by their names.
 */

/** Values that say nothing, and would only garble what a server says. */
const words: ReadonlySet<string> = new Set(['', 'on', 'off', 'true', 'false', 'yes', 'no', 'default', 'none'])

const isTelling = (value: string): boolean => !words.has(value.toLowerCase())

/** The words of `options`, as a server splits them (PostgreSQL manual 34.1.2). */
const splitOptions = (options: string): readonly string[] =>
  (options.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replace(/\\(.)/gs, '$1'))

/** The values in a server's command line options: `-c name=value`, `--name=value`, and the words that are no flag and no name. */
export const optionValues = (options: string): readonly string[] =>
  splitOptions(options)
    .flatMap((word) => {
      const at = word.indexOf('=')
      if (at >= 0) return [word.slice(at + 1)]
      return word.startsWith('-') ? [] : [word]
    })
    .filter(isTelling)

/** The values of settings, in every spelling; SQL doubles a quote. */
export const settingValues = (settings: Readonly<Record<string, string>>): readonly string[] => {
  const values = Object.values(settings).filter(isTelling)
  return spellings([...values, ...values.map((value) => value.replaceAll("'", "''"))])
}

/** How a secret may be written: as it is, in a URL, and in a connection string. */
export const spellings = (secrets: readonly string[]): readonly string[] => [
  ...new Set(
    secrets.flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed()), secret.replace(/[\\']/g, '\\$&')]),
  ),
]

/** Masks secrets wherever they stand; those of one or two characters in quotes alone, where a value stands. */
export const maskSecrets = (text: string, secrets: readonly string[]): string =>
  secrets
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length)
    .reduce(
      (masked, secret) =>
        secret.length > 2
          ? masked.replaceAll(secret, '***')
          : masked.replaceAll(`"${secret}"`, '"***"').replaceAll(`'${secret}'`, "'***'"),
      text,
    )

/** An error with the same words, masked: what caused an error is told as well, where somebody looks closer. */
export const maskError = (error: unknown, mask: (text: string) => string): unknown => {
  if (!(error instanceof Error)) return error
  const masked = new Error(mask(error.message))
  masked.name = error.name
  masked.stack = mask(error.stack ?? '')
  return masked
}
