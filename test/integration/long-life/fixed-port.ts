/** A port that a server can take again after it was down: below those that the system gives to outgoing connections. */

const LOWEST = 21_000
const HIGHEST = 31_999
const ATTEMPTS = 50

/** Starts on a port that is free. */
export async function onFixedPort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    try {
      return await start(port)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === ATTEMPTS) throw error
    }
  }
}
