import type { ManualClock } from '../../../src/core/manual-clock.ts';
import { PortcullisError } from '../../../src/core/index.ts';
import type {
  BusEvent,
  BusStatus,
  EventType,
  PublishOptions,
  PublishReceipt,
} from '../../../src/events/index.ts';
import { type Answer, RecordingBus } from './recording-bus.ts';

const unavailable = new PortcullisError('BUS_UNAVAILABLE', 'another one');

/** A bus whose server may come back without what it had. It keeps publications to the generation that they are for. */
export class LosableBus {
  answer: (event: BusEvent) => Answer | Promise<Answer> = () => 'published';
  /** What it says of itself; `undefined` while it does not know. */
  generation: string | undefined = 'g1';
  /** Publications wait for it, as in the memory of a bus while its server is away. */
  gate: Promise<void> | undefined;
  /** Publications that came as far as a server. */
  tries = 0;
  readonly #clock: ManualClock;
  #server: RecordingBus;
  #times: number[] = [];

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#server = this.#empty();
  }

  /** What the server has, in order. */
  get held(): readonly BusEvent[] {
    return this.#server.taken;
  }

  /** What it has that came so long ago. */
  olderThan(ms: number): readonly BusEvent[] {
    const nowMs = this.#clock.nowMs();
    return this.held.filter((_, at) => nowMs - (this.#times[at] ?? Infinity) >= ms);
  }

  get said(): readonly string[] {
    return this.#server.said;
  }

  lose(generation?: string): void {
    this.generation = generation;
    this.#server = this.#empty();
  }

  async publish<D>(type: EventType<D>, data: NoInfer<D>, options?: PublishOptions): Promise<PublishReceipt> {
    const only = options?.generation;
    if (this.gate !== undefined) await this.gate;
    if (only !== undefined && only !== this.generation) throw unavailable;
    const server = this.#server;
    this.tries += 1;
    const receipt = await server.publish(type, data, options);
    if (server !== this.#server) throw unavailable;
    if (receipt.outcome === 'published') this.#times.push(this.#clock.nowMs());
    return receipt;
  }

  status(): BusStatus {
    const { generation } = this;
    return { connected: true, waiting: 0, spilled: 0, dropped: 0, generation };
  }

  #empty(): RecordingBus {
    const server = new RecordingBus(this.#clock);
    server.answer = (event) => this.answer(event);
    this.#times = [];
    return server;
  }
}
