import type { Clock } from '../../core/clock.ts';

interface Channel {
  /** Its last message, on the monotonic clock; NaN before the first. */
  lastMs: number;
  /** Since when it may be expected to speak. */
  sinceMs: number;
  isQuiet: boolean;
}

export interface ChannelWatchDeps {
  readonly clock: Clock;
  readonly onQuiet: (channel: string, quiet: boolean) => void;
}

/** When each channel last spoke; tells, while it watches, which of those that are wanted has gone quiet. */
export class ChannelWatch {
  readonly #staleAfterMs: number | false;
  readonly #clock: Clock;
  readonly #onQuiet: ChannelWatchDeps['onQuiet'];
  readonly #wanted = new Set<string>();
  readonly #channels = new Map<string, Channel>();
  #timer: Disposable | undefined;

  constructor(staleAfterMs: number | false, { clock, onQuiet }: ChannelWatchDeps) {
    this.#staleAfterMs = staleAfterMs;
    this.#clock = clock;
    this.#onQuiet = onQuiet;
  }

  get quietCount(): number {
    let count = 0;
    for (const { isQuiet } of this.#channels.values()) if (isQuiet) count += 1;
    return count;
  }

  want(name: string): void {
    this.#wanted.add(name);
    this.#channel(name).sinceMs = this.#clock.monotonicMs();
  }

  forget(name: string): void {
    this.#wanted.delete(name);
    this.#channels.delete(name);
  }

  spoke(name: string, nowMs: number): void {
    const channel = this.#channel(name);
    channel.lastMs = nowMs;
    if (!channel.isQuiet) return;
    channel.isQuiet = false;
    this.#onQuiet(name, false);
  }

  ageMs(name: string): number | undefined {
    const lastMs = this.#channels.get(name)?.lastMs ?? NaN;
    return Number.isNaN(lastMs) ? undefined : this.#clock.monotonicMs() - lastMs;
  }

  isQuiet(name: string): boolean {
    return this.#channels.get(name)?.isQuiet ?? false;
  }

  /** A connection stands: from now on the wanted channels are expected to speak. */
  start(): void {
    this.stop();
    const limitMs = this.#staleAfterMs;
    if (limitMs === false) return;
    const nowMs = this.#clock.monotonicMs();
    for (const name of this.#wanted) this.#channel(name).sinceMs = nowMs;
    this.#timer = this.#clock.every(Math.max(1, limitMs / 10), () => {
      this.#look(limitMs);
    });
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #look(limitMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const name of this.#wanted) {
      const channel = this.#channel(name);
      const heardMs = Number.isNaN(channel.lastMs)
        ? channel.sinceMs
        : Math.max(channel.lastMs, channel.sinceMs);
      if (channel.isQuiet || nowMs - heardMs < limitMs) continue;
      channel.isQuiet = true;
      this.#onQuiet(name, true);
    }
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { lastMs: NaN, sinceMs: this.#clock.monotonicMs(), isQuiet: false };
      this.#channels.set(name, channel);
    }
    return channel;
  }
}
