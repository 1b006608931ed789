/** Parts of a config file as somebody writes them. Pure. */

/** `'photo'` */
export const writeText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** The name of a property, in quotes where it needs them. */
export const writeProperty = (text: string): string => (/^[a-z_$][\w$]*$/i.test(text) ? text : writeText(text))
