/** So many at once, the others in line: a browser opens six connections to a server, and pictures must not take all. */
export class Turns {
  #running = 0;
  readonly #line: (() => void)[] = [];

  constructor(private readonly atOnce: number) {}

  /**
   * Do some work when it is its turn.
   *
   * @throws what `signal` was aborted with, if that was before its turn came
   */
  async take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running >= this.atOnce) await new Promise<void>((resolve) => this.#line.push(resolve));
    else this.#running += 1;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#running -= 1;
      else next(); // the turn is handed on
    }
  }
}
