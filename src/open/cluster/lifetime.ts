/**
 * What must be undone when the process ends, however it ends (short of SIGKILL).
 *
 * Cleanups run synchronously on the `exit` event, which also follows an uncaught exception. A signal whose default is to end the
 * process raises no `exit` event, so it is caught here too, but only where nobody else listens: a program that handles SIGINT
 * itself decides alone, and its own exit runs the cleanups.
 */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const cleanups = new Set<() => void>()

const cleanUp = (): void => {
  for (const cleanup of cleanups) {
    cleanups.delete(cleanup)
    try {
      cleanup()
    } catch {
      // The process is ending: the others must have their turn, and the next start sweeps what is left.
    }
  }
}

const onSignal = (signal: NodeJS.Signals): void => {
  if (process.listenerCount(signal) > 1) return
  cleanUp()
  unlisten()
  process.kill(process.pid, signal)
}

const listen = (): void => {
  process.on('exit', cleanUp)
  // First, because a `once` listener that has had its turn is no longer counted.
  for (const signal of signals) process.prependListener(signal, onSignal)
}

const unlisten = (): void => {
  process.off('exit', cleanUp)
  for (const signal of signals) process.off(signal, onSignal)
}

/** Runs `cleanup` (synchronous) when the process ends. Returns the way to call it off. */
export const onProcessEnd = (cleanup: () => void): (() => void) => {
  if (cleanups.size === 0) listen()
  cleanups.add(cleanup)
  return () => {
    if (cleanups.delete(cleanup) && cleanups.size === 0) unlisten()
  }
}
