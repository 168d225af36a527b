import type { Clock } from '../../../core/clock.ts';
import type { RedisCommand, RedisConnection } from '../redis-connection.ts';

/** How long a comparison of the clocks is good for: they drift apart. */
const GOOD_FOR_MS = 60_000;

/** Wall time of the server as this process reckons it, from the last time that it was asked. At most a round trip ahead of it. */
export class ServerTime {
  readonly #connection: Pick<RedisConnection, 'command' | 'onConnect'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #aheadMs = NaN;
  #comparedMs = -Infinity;

  constructor(connection: Pick<RedisConnection, 'command' | 'onConnect'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#connection = connection;
    this.#clock = clock;
    connection.onConnect((command) => this.#compare(command));
  }

  /** What the server's clock shows so long from now, whole milliseconds. Asks anew, for later calls, when it has not for a while. */
  in(ms: number): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#comparedMs > GOOD_FOR_MS) {
      this.#comparedMs = nowMs;
      this.compare().catch(() => undefined); // the connection is made anew, and compares then
    }
    return Math.ceil(nowMs + this.#aheadMs + ms);
  }

  /** Asks the server. Rejects as `command` does. */
  compare(): Promise<void> {
    return this.#compare((args) => this.#connection.command(args));
  }

  async #compare(command: RedisCommand): Promise<void> {
    const askedMs = this.#clock.monotonicMs();
    const [seconds, micros] = await command<readonly [string, string]>(['TIME']);
    this.#aheadMs = Number(seconds) * 1_000 + Number(micros) / 1_000 - askedMs;
    this.#comparedMs = askedMs;
  }
}
