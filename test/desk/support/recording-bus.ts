import { ManualClock } from '../../../src/core/manual-clock.ts';
import type {
  BusEvent,
  EventCatalogue,
  EventType,
  PublishOptions,
  PublishReceipt,
} from '../../../src/events/index.ts';
import { TRADING_EVENTS } from '../../../src/events/catalogue/trading-events.ts';
import { NewEvents } from '../../../src/events/new-event.ts';

/** What a bus says to a publication: an outcome, or the error that it rejects with. */
export type Answer = PublishReceipt['outcome'] | Error;

/** A bus that keeps what it was given and answers as the test says. It knows what it has had. */
export class RecordingBus {
  /** Every publication that was tried, taken or not. */
  readonly tried: BusEvent[] = [];
  /** What it took for the first time, in order. */
  readonly taken: BusEvent[] = [];
  /** What it says to a publication; a promise keeps the publisher waiting. Default: takes it. */
  answer: (event: BusEvent, serial: number) => Answer | Promise<Answer> = () => 'published';
  readonly #made: NewEvents;
  readonly #ids = new Set<string>();

  constructor(clock = new ManualClock(), catalogue: EventCatalogue = TRADING_EVENTS) {
    this.#made = new NewEvents({ catalogue, clock, source: '/bus', idPrefix: 'bus' });
  }

  async publish<D>(type: EventType<D>, data: NoInfer<D>, options?: PublishOptions): Promise<PublishReceipt> {
    const event = this.#made.make(type, data, options);
    this.tried.push(event);
    const answer = await this.answer(event, this.tried.length);
    if (answer instanceof Error) throw answer;
    const { id } = event;
    if (answer === 'dropped') return { outcome: answer, id };
    const identity = `${event.source} ${id}`;
    if (this.#ids.has(identity)) return { outcome: 'duplicate', id };
    this.#ids.add(identity);
    this.taken.push(JSON.parse(JSON.stringify(event)) as BusEvent);
    return answer === 'published' ? { outcome: answer, id, position: '1' } : { outcome: 'spilled', id };
  }

  /** What it took, as type and subject. */
  get said(): readonly string[] {
    return this.taken.map(({ type, subject }) => `${type} ${subject ?? ''}`);
  }
}
