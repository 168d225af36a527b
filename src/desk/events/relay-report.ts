import type { Clock } from '../../core/clock.ts';
import { type Logger, type MetricsRegistry, silentLogger } from '../../telemetry/index.ts';
import { type LostBecause, RelayMetrics, type RelayReading } from './relay-metrics.ts';
import type { RelayStatus } from './relay-options.ts';

interface RelayReportDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly metrics?: MetricsRegistry | undefined;
  readonly logger?: Logger | undefined;
  readonly read: () => RelayReading;
}

const LOG_EVERY_MS = 60_000;

/** What goes wrong with a relay: counted, said in the log, and kept for its status. */
export class RelayReport implements Disposable {
  readonly #desk: string;
  readonly #deps: RelayReportDeps;
  readonly #metrics: RelayMetrics | undefined;
  readonly #logger: Logger;
  #lost = 0;
  #rewinds = 0;
  #error: string | undefined;
  #saidMs = -Infinity;

  constructor(desk: string, deps: RelayReportDeps) {
    this.#desk = desk;
    this.#deps = deps;
    this.#metrics = deps.metrics && new RelayMetrics(desk, deps.metrics, deps.read);
    this.#logger = deps.logger ?? silentLogger;
  }

  get status(): Pick<RelayStatus, 'lost' | 'rewinds' | 'error'> {
    return { lost: this.#lost, rewinds: this.#rewinds, error: this.#error };
  }

  /** The bus has not taken an event; it is tried again. */
  refusedOnce(type: string, why: string, seq: number): void {
    this.#metrics?.failed();
    this.failed(`${type} was not published: ${why}`, seq);
  }

  /** @param seq the last record that the bus has */
  failed(why: string, seq: number): void {
    this.#error = why;
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#saidMs < LOG_EVERY_MS) return;
    this.#saidMs = nowMs;
    const { lag } = this.#deps.read();
    this.#logger.warn({ desk: this.#desk, why, seq, lag }, 'the journal waits for the bus');
  }

  /** It goes on. */
  well(): void {
    this.#error = undefined;
  }

  lost(because: LostBecause, records: number, detail: string): void {
    this.#lost += records;
    this.#metrics?.lost(because, records);
    this.#logger.error(
      { desk: this.#desk, because, records, detail },
      'records of the journal do not reach the bus',
    );
  }

  /** @param to the record behind which it goes on; `undefined` where that is not known */
  rewound(from: number, to: number | undefined): void {
    const desk = this.#desk;
    if (to === undefined) {
      this.#metrics?.rewound('impossible');
      this.#logger.error({ desk, from }, 'the bus has lost what it held, and it is not known what that was');
      return;
    }
    this.#rewinds += 1;
    this.#metrics?.rewound('told-again');
    this.#logger.warn({ desk, from, to }, 'the bus has lost what it held, which is told once more');
  }

  [Symbol.dispose](): void {
    this.#metrics?.[Symbol.dispose]();
  }
}
