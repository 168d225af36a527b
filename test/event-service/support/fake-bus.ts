import { z } from 'zod';
import { PortcullisError } from '../../../src/core/index.ts';
import {
  type BusEvent,
  type BusStatus,
  type DeadLetter,
  type EventBus,
  EventCatalogue,
  type EventHandler,
  type EventType,
  type GroupStatus,
  type PublishOptions,
  type PublishReceipt,
  type Replay,
  type ReplayOptions,
  type ReplayReport,
  eventType,
} from '../../../src/events/index.ts';

export const PRICED = eventType({
  type: 'market.priced',
  version: 2,
  schema: z.strictObject({ symbol: z.string(), price: z.string() }),
  subject: ({ symbol }) => symbol,
  previous: [
    {
      version: 1,
      schema: z.strictObject({ symbol: z.string(), price: z.number() }),
      upgrade: ({ symbol, price }: { symbol: string; price: number }) => ({ symbol, price: String(price) }),
    },
  ],
});
export const ALERTED = eventType({ type: 'risk.alerted', schema: z.strictObject({ text: z.string() }) });
const CATALOGUE = new EventCatalogue([PRICED, ALERTED]);

interface Taken {
  readonly topic: string;
  readonly position: string;
  readonly atMs: number;
  readonly event: BusEvent;
}

/** A replay that a test sees. */
interface SeenReplay {
  readonly types: readonly string[];
  readonly options: ReplayOptions;
  readonly topics: ReadonlySet<string>;
  readonly handler: EventHandler;
  stopped: boolean;
  /** Where it is in all that was taken. */
  at: number;
  busy: boolean;
  end(report: ReplayReport): void;
  fail(error: Error): void;
}

/** A bus in a list: one handler at a time, no groups. What it answers to all else is for the test to set. */
export class FakeBus implements EventBus {
  readonly name = 'events';
  readonly catalogue = CATALOGUE;
  readonly published: { readonly type: string; readonly data: unknown; readonly options: PublishOptions }[] =
    [];
  readonly replays: SeenReplay[] = [];
  readonly calls: string[] = [];
  letters: readonly DeadLetter[] = [];
  places: readonly GroupStatus[] = [];
  canDrop = true;
  state: BusStatus = { connected: true, waiting: 0, spilled: 0, dropped: 0 };
  isClosed = false;
  /** What becomes of a publication, instead of being taken. */
  answer:
    ((event: { readonly id: string | undefined }) => PublishReceipt | Promise<PublishReceipt>) | undefined;
  /** What groups and dead letters throw. */
  failure: Error | undefined;
  readonly #log: Taken[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => 0) {
    this.#nowMs = nowMs;
  }

  readonly deadLetters: EventBus['deadLetters'] = {
    list: async (filter = {}) => {
      this.#ask(`list ${JSON.stringify(filter)}`);
      const { group, after, limit = 100 } = filter;
      const from = after === undefined ? 0 : this.letters.findIndex(({ letterId }) => letterId === after) + 1;
      return this.letters
        .slice(from)
        .filter((each) => group === undefined || each.group === group)
        .slice(0, limit);
    },
    requeue: async (ids) => this.#known('requeue', ids),
    discard: async (ids) => this.#known('discard', ids),
  };

  #known(what: string, ids: readonly string[]): readonly string[] {
    this.#ask(`${what} ${ids.join(',')}`);
    return ids.filter((id) => this.letters.some(({ letterId }) => letterId === id));
  }

  #ask(call: string): void {
    this.calls.push(call);
    if (this.failure !== undefined) throw this.failure;
  }

  async publish<D>(type: EventType<D>, data: D, options: PublishOptions = {}): Promise<PublishReceipt> {
    const { id = `e${this.#log.length + 1}`, source = '/test', atMs = this.#nowMs(), subject, key } = options;
    this.published.push({ type: type.type, data, options });
    if (this.answer !== undefined) return this.answer({ id: options.id });
    const seen = this.#log.some(({ event }) => event.id === id && event.source === source);
    if (seen) return { outcome: 'duplicate', id };
    const event: BusEvent = {
      ...{ specversion: '1.0', id, source, type: type.type, dataversion: type.version },
      time: new Date(atMs).toISOString(),
      subject: subject ?? type.subject(data),
      partitionkey: key,
      data,
    };
    const position = String(this.#log.filter(({ topic }) => topic === type.topic).length + 1);
    this.#log.push({ topic: type.topic, position, atMs: this.#nowMs(), event });
    for (const replay of this.replays) void this.#pump(replay);
    return { outcome: 'published', id, position };
  }

  replay(types: readonly EventType[] | '*', handler: EventHandler<never>, options: ReplayOptions): Replay {
    if (this.isClosed) throw new PortcullisError('BUS_CLOSED', 'the bus is closed');
    const { from } = options;
    if (typeof from === 'object' && 'position' in from && !/^\d+$/.test(from.position))
      throw new PortcullisError('OPTION_INVALID', `replay: from: ${from.position} is no position`);
    const own = types === '*' ? CATALOGUE.types : types;
    const first = from === 'new' ? this.#log.length : 0;
    const { promise, resolve, reject } = Promise.withResolvers<ReplayReport>();
    const seen: SeenReplay = {
      types: own.map(({ type }) => type),
      topics: new Set(own.map(({ topic }) => topic)),
      ...{ options, stopped: false, at: first, busy: false, end: resolve, fail: reject },
      handler: handler as EventHandler,
    };
    this.replays.push(seen);
    void this.#pump(seen);
    const stop = async (): Promise<void> => {
      seen.stopped = true;
      resolve({ handled: 0, failed: 0, complete: false });
    };
    return { ready: Promise.resolve(), done: promise, stop, [Symbol.asyncDispose]: stop };
  }

  async #pump(replay: SeenReplay): Promise<void> {
    if (replay.busy) return;
    replay.busy = true;
    await Promise.resolve();
    const { from } = replay.options;
    for (; replay.at < this.#log.length && !replay.stopped; replay.at += 1) {
      const { topic, position, atMs, event } = this.#log[replay.at] as Taken;
      if (!replay.types.includes(event.type)) continue;
      if (typeof from === 'object' && 'timeMs' in from && atMs < from.timeMs) continue;
      if (typeof from === 'object' && 'position' in from && Number(position) <= Number(from.position))
        continue;
      const signal = new AbortController().signal;
      await replay.handler(event, { group: 'replay-1', topic, position, attempt: 1, signal });
    }
    replay.busy = false;
    if (replay.options.follow !== true) replay.end({ handled: replay.at, failed: 0, complete: true });
  }

  subscribe(): never {
    throw new Error('a tail is no group');
  }

  async groups(): Promise<readonly GroupStatus[]> {
    this.#ask('groups');
    return this.places;
  }

  async dropGroup(group: string): Promise<boolean> {
    this.#ask(`drop ${group}`);
    return this.canDrop;
  }

  status(): BusStatus {
    return this.state;
  }

  async close() {
    this.isClosed = true;
    return { unsent: 0, spilled: 0 };
  }
}
