import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Logger, MetricsRegistry, Tracing } from '../../telemetry/index.ts';
import type {
  BusCloseReport,
  BusStatus,
  DeadLetter,
  DeadLetters,
  EventBus,
  EventHandler,
  EventOf,
  GroupStatus,
  PublishOptions,
  PublishReceipt,
  Replay,
  ReplayOptions,
  SubscribeOptions,
  Subscription,
} from '../event-bus.ts';
import type { EventCatalogue } from '../event-catalogue.ts';
import type { EventType } from '../event-type.ts';
import { NewEvents } from '../new-event.ts';
import { groupNameSchema, type MemberRules, subscribeOptionsSchema } from '../subscribe-options.ts';
import { DeadLetterBox } from './dead-letter-box.ts';
import { Dispatcher } from './dispatcher.ts';
import { EmbeddedCounts } from './embedded-counts.ts';
import { EmbeddedGroup, type EmbeddedGroupDeps } from './embedded-group.ts';
import { type EmbeddedEventBusOptions, type EmbeddedRules, embeddedSchema } from './embedded-options.ts';
import { EmbeddedReplay } from './embedded-replay.ts';
import { GroupPlace } from './group-place.ts';
import { replaySchema } from './replay-options.ts';
import { Topic } from './topic.ts';

export interface EmbeddedEventBusDeps {
  readonly clock: Clock;
  readonly catalogue: EventCatalogue;
  /** In [0, 1): for back-off and ids. Default: of the machine. */
  readonly random?: () => number;
  readonly metrics?: MetricsRegistry;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
}

/** An event bus inside the process: in memory, or with what it holds on disk as well. */
export class EmbeddedEventBus implements EventBus {
  readonly name: string;
  readonly catalogue: EventCatalogue;
  readonly deadLetters: DeadLetters;
  readonly #rules: EmbeddedRules;
  readonly #deps: EmbeddedEventBusDeps;
  readonly #counts: EmbeddedCounts;
  readonly #dispatcher: Dispatcher;
  readonly #news: NewEvents;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, EmbeddedGroup>();
  readonly #letters: DeadLetterBox;
  readonly #active = new Set<{ stop(timeoutMs?: number): Promise<void> }>();
  readonly #timers: Disposable[] = [];
  #closed: Promise<BusCloseReport> | undefined;

  private constructor(rules: EmbeddedRules, deps: EmbeddedEventBusDeps) {
    const { clock, catalogue, metrics } = deps;
    this.name = rules.name;
    this.catalogue = catalogue;
    this.#rules = rules;
    this.#deps = deps;
    this.#counts = new EmbeddedCounts(rules.name, metrics);
    this.#dispatcher = new Dispatcher({ clock });
    this.#news = new NewEvents({
      ...{ catalogue, clock, source: rules.source ?? `/${rules.name}` },
      idPrefix: this.#randomId(),
    });
    this.#letters = new DeadLetterBox(rules.keepLetters, {
      ...{ clock, counts: this.#counts },
      requeue: (letter) => this.#requeue(letter),
    });
    this.deadLetters = this.#letters;
    const changed = (): void => {
      this.#dispatcher.schedule();
    };
    for (const name of catalogue.topics) {
      const topic = new Topic(name, rules, { clock, counts: this.#counts, changed });
      this.#topics.set(name, topic);
      this.#dispatcher.add({ dispatch: (budget) => topic.admit(budget) });
    }
    if (rules.keepMs !== undefined)
      this.#timers.push(
        clock.every(1000, () => {
          this.#sweep();
        }),
      );
  }

  /** @throws {PortcullisError} `OPTION_INVALID` */
  // eslint-disable-next-line @typescript-eslint/require-await -- opening will wait for disks
  static async open(options: EmbeddedEventBusOptions, deps: EmbeddedEventBusDeps): Promise<EmbeddedEventBus> {
    const rules = parseOptions('EmbeddedEventBus', embeddedSchema, options);
    if (rules.overflow.policy === 'spill') {
      throw new PortcullisError(
        'OPTION_INVALID',
        'EmbeddedEventBus: overflow.policy: spill keeps events on disk: expected storage with it',
      );
    }
    return new EmbeddedEventBus(rules, deps);
  }

  publish<D>(type: EventType<D>, data: NoInfer<D>, options?: PublishOptions): Promise<PublishReceipt> {
    if (this.#closed !== undefined) return Promise.reject(this.#refusal('publish'));
    try {
      const event = this.#news.make(type, data, options);
      return this.#topicOf(type.topic).publish(event, options?.id !== undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  subscribe<const T extends readonly EventType[]>(
    group: string,
    types: T | '*',
    handler: EventHandler<EventOf<T>>,
    options: SubscribeOptions = {},
  ): Subscription {
    this.#checkOpen('subscribe');
    const rules = this.#memberRules(parseOptions('subscribe', subscribeOptionsSchema, options));
    parseOptions('subscribe group', groupNameSchema, group);
    const { names, topics } = this.#chosen('subscribe', types);
    this.#checkStart('subscribe', rules.from, topics);
    const joined = this.#groupFor(group, names, topics, rules);
    const membership = joined.join(names, rules, handler as EventHandler);
    const subscription: Subscription = {
      group,
      ready: Promise.resolve(),
      stop: async (timeoutMs = 10_000) => {
        await membership.stop(timeoutMs);
        this.#active.delete(subscription);
      },
      [Symbol.asyncDispose]: () => subscription.stop(),
    };
    this.#active.add(subscription);
    return subscription;
  }

  replay<const T extends readonly EventType[]>(
    types: T | '*',
    handler: EventHandler<EventOf<T>>,
    options: ReplayOptions,
  ): Replay {
    this.#checkOpen('replay');
    const { follow, ...rules } = parseOptions('replay', replaySchema, options);
    const { names, topics } = this.#chosen('replay', types);
    this.#checkStart('replay', rules.from, topics);
    const group = `replay-${this.#randomId()}`;
    const places = topics.map((topic) => {
      const next = topic.locate(rules.from);
      const backlog = topic.entries(({ seq }) => seq >= next);
      return new GroupPlace({
        ...{ group, topic, backlog, counts: follow },
        next: topic.last + 1,
        ...(!follow && { end: topic.last }),
      });
    });
    const replay = new EmbeddedReplay(
      { group, places, types: names, rules, handler: handler as EventHandler, follow },
      {
        ...this.#groupDeps(),
        dispatcher: this.#dispatcher,
        onEnd: (ended) => this.#active.delete(ended),
      },
    );
    this.#active.add(replay);
    return replay;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, memory is not
  async groups(): Promise<readonly GroupStatus[]> {
    return [...this.#groups.values()].flatMap(({ name, members, places }) =>
      [...places].map(([topic, { lag, pending }]) => ({
        ...{ group: name, topic, lag, pending, members },
        deadLetters: this.#letters.of(name, topic),
      })),
    );
  }

  async dropGroup(group: string): Promise<boolean> {
    const found = this.#groups.get(group);
    if (found === undefined || found.members > 0) return false;
    this.#groups.delete(group);
    this.#dispatcher.remove(found);
    found.leave();
    await this.#letters.forget(group);
    return true;
  }

  status(): BusStatus {
    const waiting = this.#sum((topic) => topic.waiting + topic.unwritten);
    return { connected: true, waiting, spilled: 0, dropped: this.#counts.dropped };
  }

  close(timeoutMs = 10_000): Promise<BusCloseReport> {
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<BusCloseReport> {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    const unsent = this.#sum((topic) => topic.close());
    await Promise.all([...this.#active].map((each) => each.stop(timeoutMs)));
    this.#dispatcher.stop();
    return { unsent, spilled: 0 };
  }

  #groupFor(
    name: string,
    types: ReadonlySet<string> | undefined,
    topics: readonly Topic[],
    rules: MemberRules,
  ): EmbeddedGroup {
    const found = this.#groups.get(name);
    if (found !== undefined && found.members > 0 && !isSame(found.types, types)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `subscribe: ${name}: expected the types that its other members have`,
      );
    }
    const group = found ?? new EmbeddedGroup(name, this.#groupDeps());
    for (const topic of topics) {
      if (group.places.has(topic.name)) continue;
      group.addPlace(new GroupPlace({ group: name, topic, next: topic.locate(rules.from), counts: true }));
    }
    if (found === undefined) {
      this.#groups.set(name, group);
      this.#dispatcher.add(group);
    }
    return group;
  }

  /** A member that holds all the events there may be would leave none to drop. */
  #memberRules(rules: MemberRules): MemberRules {
    const { policy, maxUnhandled } = this.#rules.overflow;
    if (policy !== 'drop-oldest') return rules;
    const most = Math.max(rules.concurrency, Math.floor(maxUnhandled / 2));
    return { ...rules, maxInFlight: Math.min(rules.maxInFlight, most) };
  }

  #groupDeps(): EmbeddedGroupDeps {
    const { clock, random, metrics, logger, tracing } = this.#deps;
    return {
      ...{ bus: this.name, clock, random, metrics, logger, tracing },
      changed: () => {
        this.#dispatcher.schedule();
      },
      bury: (place, entry, why) => this.#letters.bury(place, entry, why),
    };
  }

  async #requeue({ topic, group, text }: DeadLetter): Promise<void> {
    this.#checkOpen('requeue');
    const read = this.catalogue.read(text);
    if (read.kind === 'event') await this.#topicOf(topic).requeue(read.event, group);
  }

  /** The types by name, `undefined` for all, and their topics. */
  #chosen(
    call: string,
    types: readonly EventType[] | '*',
  ): { names: ReadonlySet<string> | undefined; topics: readonly Topic[] } {
    if (types === '*') return { names: undefined, topics: [...this.#topics.values()] };
    if (types.length === 0)
      throw new PortcullisError('OPTION_INVALID', `${call}: types: expected at least one`);
    for (const type of types) {
      if (!this.catalogue.has(type)) {
        throw new PortcullisError(
          'OPTION_INVALID',
          `${call}: ${type.type}: expected types of the bus's catalogue`,
        );
      }
    }
    const topics = [...new Set(types.map(({ topic }) => topic))].map((topic) => this.#topicOf(topic));
    return { names: new Set(types.map(({ type }) => type)), topics };
  }

  #checkStart(call: string, from: MemberRules['from'], topics: readonly Topic[]): void {
    if (typeof from === 'string' || !('topic' in from)) return;
    if (!topics.some(({ name }) => name === from.topic)) {
      throw new PortcullisError('OPTION_INVALID', `${call}: from.topic: ${from.topic} has none of the types`);
    }
    if (!/^\d{1,15}$/.test(from.position)) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `${call}: from.position: ${from.position} is none of this bus`,
      );
    }
  }

  #topicOf(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new PortcullisError('OPTION_INVALID', `${name}: expected a topic of the bus`);
    return topic;
  }

  #checkOpen(call: string): void {
    if (this.#closed !== undefined) throw this.#refusal(call);
  }

  #refusal(call: string): PortcullisError {
    return new PortcullisError('BUS_CLOSED', `${call}: the bus ${this.name} has been closed`);
  }

  #sweep(): void {
    for (const topic of this.#topics.values()) topic.sweep();
  }

  #sum(of: (topic: Topic) => number): number {
    return [...this.#topics.values()].reduce((sum, topic) => sum + of(topic), 0);
  }

  /** 96 bits in hexadecimal. */
  #randomId(): string {
    const { random } = this.#deps;
    if (random === undefined) return randomBytes(12).toString('hex');
    return Array.from({ length: 24 }, () => Math.floor(random() * 16).toString(16)).join('');
  }
}

const isSame = (a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean =>
  a === b || (a?.size === b?.size && [...(a ?? [])].every((type) => b?.has(type) === true));
