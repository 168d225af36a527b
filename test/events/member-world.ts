import { ManualClock } from '../../src/core/index.ts';
import { parseOptions } from '../../src/core/options.ts';
import type { BusEvent, EventHandler, SubscribeOptions } from '../../src/events/index.ts';
import { type Delivery, GroupMember, type MemberDeps } from '../../src/events/group-member.ts';
import { subscribeOptionsSchema } from '../../src/events/subscribe-options.ts';

export interface TestDelivery extends Delivery {
  readonly name: string;
}

/** A delivery `a1`: of key `a`. */
export const delivery = (name: string, overrides: Partial<Delivery> = {}): TestDelivery => ({
  name,
  topic: 'order',
  position: name,
  attempts: 0,
  event: event(name),
  ...overrides,
});

export const event = (name: string, overrides: Partial<BusEvent> = {}): BusEvent => ({
  specversion: '1.0',
  id: name,
  source: '/desk/paper',
  type: 'order.executed',
  dataversion: 1,
  time: '2026-11-21T12:00:00.000Z',
  subject: name.charAt(0),
  data: { name },
  ...overrides,
});

/** A member whose listener writes down what it hears. */
export class MemberWorld {
  readonly clock = new ManualClock(1_000_000);
  /** `done a1`, `dead a1 REFUSED 1 reason`, `retry a1 1 50 reason`, `room`. */
  readonly heard: string[] = [];
  readonly member: GroupMember<TestDelivery>;
  /** Called by the listener first. */
  onDead: (delivery: TestDelivery) => Promise<unknown> = () => Promise.resolve();
  onDone: (delivery: TestDelivery) => void = () => undefined;
  onRoom: () => void = () => undefined;

  constructor(
    handler: EventHandler,
    options: SubscribeOptions = {},
    deps: Partial<Omit<MemberDeps<TestDelivery>, 'handler' | 'listener' | 'clock'>> = {},
  ) {
    this.member = new GroupMember<TestDelivery>(parseOptions('subscribe', subscribeOptionsSchema, options), {
      bus: 'events',
      group: 'ledger',
      clock: this.clock,
      handler,
      random: () => 0.5,
      ...deps,
      listener: {
        onDone: (each) => {
          this.heard.push(`done ${each.name}`);
          this.onDone(each);
        },
        onDead: async (each, { reason, detail, attempts }) => {
          this.heard.push(`dead ${each.name} ${reason} ${attempts} ${detail}`);
          await this.onDead(each);
        },
        onRetry: (each, { attempts, delayMs, detail }) => {
          this.heard.push(`retry ${each.name} ${attempts} ${delayMs} ${detail}`);
        },
        onRoom: () => {
          this.heard.push('room');
          this.onRoom();
        },
      },
    });
  }

  offer(...names: readonly string[]): void {
    for (const name of names) this.member.offer(delivery(name));
  }

  /** Lets promises settle, and time pass first. */
  async after(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.clock.turn();
  }
}

/** A handler whose calls end when the test says so. */
export class HeldHandler {
  /** In the order called. */
  readonly calls: { readonly name: string; readonly signal: AbortSignal; readonly attempt: number }[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<unknown>>();

  readonly handler: EventHandler = ({ id }, { signal, attempt }) => {
    this.calls.push({ name: id, signal, attempt });
    const end = Promise.withResolvers<unknown>();
    this.#ends.set(id, end);
    return end.promise;
  };

  get names(): readonly string[] {
    return this.calls.map(({ name }) => name);
  }

  end(name: string, value?: unknown): void {
    this.#ends.get(name)?.resolve(value);
  }

  fail(name: string, error: unknown): void {
    this.#ends.get(name)?.reject(error);
  }
}
