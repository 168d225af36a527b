import { BAR_CLOSED, SIGNAL_RAISED } from 'portcullis/events';
import { type ServiceApp, type ServicePorts, type StartContext, serveApi } from 'portcullis/service';
import type { Signal } from 'portcullis/trading';
import { signalsApi } from '../api/signals-api.ts';
import type { Parts, ServiceSeat } from '../parts/parts.ts';
import { configuredStrategies } from '../strategies/configured-strategies.ts';
import { StrategyRunner } from '../strategies/strategy-runner.ts';
import { SystemService } from './system-service.ts';

const REMEMBERED = 1_000;

/** Runs strategies on bars of the bus. Several instances share the instruments; each bar goes to one of them. */
export class SignalsService extends SystemService {
  readonly #runner: StrategyRunner;
  /** The newest last. */
  readonly #signals: Signal[] = [];
  #stopBars: (() => Promise<void>) | undefined;

  constructor(seat: ServiceSeat, parts: Parts, ports: ServicePorts = {}) {
    super('signals', seat, parts, ports);
    this.#runner = new StrategyRunner(configuredStrategies(seat.config), {
      ...parts,
      publish: (signal) => this.#publish(signal),
    });
  }

  protected override async onStart({ use }: StartContext): Promise<void> {
    const { bus } = this.parts;
    // A store or a bus that is away for a while must not cost a bar: it is tried for minutes.
    const options = { concurrency: 8, maxAttempts: 50, maxBackoffMs: 5_000 };
    const bars = bus.subscribe('signals', [BAR_CLOSED], ({ data }) => this.#runner.onBar(data), options);
    this.#stopBars = () => bars.stop();
    await bars.ready;
    this.tellWhere(use);
  }

  /** Bars at hand are finished; the rest goes to the other instance at once. */
  protected override async onDrain(): Promise<void> {
    await this.#stopBars?.();
  }

  protected override routes(app: ServiceApp): void {
    serveApi(app, signalsApi, {
      listSignals: ({ query: { limit = 100 } }) => ({ signals: this.#signals.slice(-limit).reverse() }),
      listStrategies: () => ({ strategies: this.#runner.counts() }),
    });
  }

  async #publish(signal: Signal): Promise<void> {
    const { signalId } = signal;
    await this.parts.bus.publish(SIGNAL_RAISED, signal, { id: signalId });
    if (this.#signals.some((one) => one.signalId === signalId)) return;
    this.#signals.push(signal);
    if (this.#signals.length > REMEMBERED) this.#signals.shift();
  }
}
