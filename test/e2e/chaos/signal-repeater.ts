import { setTimeout as sleep } from 'node:timers/promises';
import { RedisEventBus } from 'portcullis/adapters/redis';
import { SystemClock } from 'portcullis/core';
import { type GroupStatus, SIGNAL_RAISED } from 'portcullis/events';
import { PREFIX } from './system-config.ts';

/** A signal that was raised at least once. */
export interface RaisedSignal {
  readonly signalId: string;
  readonly strategyId: string;
}

const STEP_MS = 1_200;
const VALID_MS = 3_600_000;
/** As many as the example has. */
const PARTITIONS = 8;

/**
 * Raises signals and raises them again, once what they asked for is undone: buy, sell, and the very same buy and sell once more. A
 * signal is one order, however often it comes.
 */
export class SignalRepeater {
  readonly raised: RaisedSignal[] = [];
  readonly #bus: RedisEventBus;
  readonly #over = new AbortController();
  #running: Promise<void> | undefined;
  #published = 0;

  private constructor(bus: RedisEventBus) {
    this.#bus = bus;
  }

  static async open(redisPort: number): Promise<SignalRepeater> {
    const url = `redis://127.0.0.1:${redisPort}`;
    const open = () =>
      RedisEventBus.open({ url, prefix: PREFIX, partitions: PARTITIONS }, { clock: new SystemClock() });
    // A machine that has just started ten processes may take longer than one try.
    const bus = await open().catch(open).catch(open);
    return new SignalRepeater(bus);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  groups(): Promise<readonly GroupStatus[]> {
    return this.#bus.groups();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#bus.close(2_000);
  }

  async #run(): Promise<void> {
    for (let round = 1; !this.#over.signal.aborted; round += 1) {
      const strategyId = `repeated-${round}`;
      const [buy, sell] = [`${strategyId}-buy`, `${strategyId}-sell`];
      for (const signalId of [buy, sell, buy, sell]) {
        if (!this.raised.some((one) => one.signalId === signalId)) this.raised.push({ signalId, strategyId });
        await this.#raise(signalId, strategyId);
        await sleep(STEP_MS, undefined, { signal: this.#over.signal }).catch(() => undefined);
      }
    }
  }

  async #raise(signalId: string, strategyId: string): Promise<void> {
    this.#published += 1;
    const signal = {
      ...{ signalId, strategyId, instrumentId: 'LTC-USD', confidence: 0.1 },
      direction: signalId.endsWith('buy') ? ('buy' as const) : ('sell' as const),
      expiresAtMs: Date.now() + VALID_MS,
      reasons: ['chaos'],
    };
    // A bus that is away keeps it for a while, or refuses it: then there is one less.
    await this.#bus
      .publish(SIGNAL_RAISED, signal, { id: `${signalId}-${this.#published}` })
      .catch(() => undefined);
  }
}
