import type { BarClosed, BusEvent, EventHandler } from 'portcullis/events';

/** What the members of one group have made of bars. */
export class Tally {
  readonly #handled: { readonly member: string; readonly bar: BarClosed }[] = [];

  /** A member that takes a moment for each bar, and chokes on what `isPoison` says. */
  member(name: string, isPoison: (bar: BarClosed) => boolean, take: () => Promise<void>) {
    return (async ({ data: bar }: BusEvent<BarClosed>) => {
      await take();
      if (isPoison(bar)) throw new Error(`a close of ${bar.close} is not a price`);
      this.#handled.push({ member: name, bar });
    }) satisfies EventHandler<BarClosed>;
  }

  get count(): number {
    return this.#handled.length;
  }

  /** Bars that were handled more than once. */
  get repeated(): number {
    return this.count - new Set(this.#handled.map(({ bar }) => `${bar.instrumentId} ${bar.openMs}`)).size;
  }

  /** How many members have had at least one bar. */
  get members(): number {
    return new Set(this.#handled.map(({ member }) => member)).size;
  }

  /** Whether the bars of each instrument came in their order. */
  get isInOrder(): boolean {
    return this.instruments.every((id) => {
      const times = this.timesOf(id);
      return times.every((openMs, at) => at === 0 || openMs > (times[at - 1] ?? NaN));
    });
  }

  get instruments(): readonly string[] {
    return [...new Set(this.#handled.map(({ bar }) => bar.instrumentId))];
  }

  timesOf(instrumentId: string): readonly number[] {
    return this.#handled.flatMap(({ bar }) => (bar.instrumentId === instrumentId ? [bar.openMs] : []));
  }
}
