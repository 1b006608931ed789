/**
 * What `import { defineConfig } from 'rowgraft'` means in a config file that stands in no project: the program that runs. It is not
 * found there under npx, nor from a global install.
 */
import { registerHooks } from 'node:module'

/** Compiled or not, as this file is. */
const ourselves = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url).href

const isNotFound = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')

let isRegistered = false

/** From now on the specifier `rowgraft` is found everywhere: where a package of that name is installed, that one. */
export const resolveOurselves = (): void => {
  if (isRegistered) return
  isRegistered = true
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== 'rowgraft') return next(specifier, context)
      try {
        return next(specifier, context)
      } catch (error) {
        if (!isNotFound(error)) throw error
        return { url: ourselves, shortCircuit: true }
      }
    },
  })
}
