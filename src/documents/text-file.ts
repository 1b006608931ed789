/**
 * Text files that people hand over, or that were written earlier: read whole, or not at all.
 *
 * In comes a path, out goes text; `json.ts` and `shape.ts` make a value of it, or say where it is wrong.
 */
import { readFile, stat } from 'node:fs/promises'

/** Bytes: a text of more than 512 MB cannot be held in one piece. */
const most = 500_000_000

/** Bytes as the text that they are. Throws an Error saying why they are none: another character in its place could be another key. */
export const decodeText = (bytes: Uint8Array): string => {
  const [first, second, third] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new Error('It is UTF-16: save it as UTF-8.')
  }
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    throw new Error('It begins with a byte order mark: save it as UTF-8 without one.')
  }
  if (bytes.includes(0)) throw new Error('It has NUL bytes in it: it is no text, or UTF-16. Save it as UTF-8.')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Error('It is not UTF-8.')
  }
}

/** Reads a text file. Rejects with an Error saying why it is none. `pipes`: it may also be one, which is read to its end. */
export const readTextFile = async (path: string, { pipes }: { readonly pipes: boolean }): Promise<string> => {
  const found = await stat(path)
  if (found.isDirectory()) throw new Error('It is a folder.')
  if (!found.isFile() && !pipes) throw new Error('It is no ordinary file.')
  if (found.size > most) throw new Error(`It has more than ${most / 1_000_000} MB.`)
  return decodeText(await readFile(path))
}
