import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Logger, MetricsRegistry, Tracing } from '../../telemetry/index.ts';
import type {
  BusCloseReport,
  BusStatus,
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
import type { DeadLetter, DeadLetters } from '../dead-letter.ts';
import { TRADING_EVENTS } from '../catalogue/trading-events.ts';
import type { EventCatalogue } from '../event-catalogue.ts';
import type { EventType } from '../event-type.ts';
import { NewEvents } from '../new-event.ts';
import { groupNameSchema, type MemberRules, subscribeOptionsSchema } from '../subscribe-options.ts';
import { DeadLetterBox } from './dead-letter-box.ts';
import { Dispatcher } from './dispatcher.ts';
import { EmbeddedCounts } from './embedded-counts.ts';
import { reportBus } from './bus-gauges.ts';
import { type ChoiceDeps, chooseTopics } from './chosen-topics.ts';
import type { EmbeddedGroupDeps } from './embedded-group.ts';
import { EmbeddedGroups } from './embedded-groups.ts';
import { type EmbeddedEventBusOptions, type EmbeddedRules, embeddedSchema } from './embedded-options.ts';
import { EmbeddedReplay } from './embedded-replay.ts';
import { type EmbeddedStorage, type OpenedStorage, openStorage } from './embedded-storage.ts';
import { leaveStorage } from './leave-storage.ts';
import { replayPlace } from './replay-place.ts';
import { replaySchema } from './replay-options.ts';
import { Topic } from './topic.ts';
import { startUpkeep } from './upkeep.ts';

/** Of the time to close: what is left is for saving where groups are. */
const HANDLERS_SHARE = 0.75;

export interface EmbeddedEventBusDeps {
  readonly clock: Clock;
  /** Default: `TRADING_EVENTS`. */
  readonly catalogue?: EventCatalogue;
  /** In [0, 1): for back-off and ids. Default: of the machine. */
  readonly random?: () => number;
  readonly metrics?: MetricsRegistry;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
  /** Where it keeps what it holds. Default: in memory alone, as long as the process lives. */
  readonly storage?: EmbeddedStorage;
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
  readonly #groups: EmbeddedGroups;
  readonly #opened: OpenedStorage | undefined;
  readonly #letters: DeadLetterBox;
  /** Read once for a publication. */
  #nowMs = 0;
  readonly #active = new Set<{ stop(timeoutMs?: number): Promise<void> }>();
  readonly #timers: Disposable[];
  #isClosed = false;
  #closed: Promise<BusCloseReport> | undefined;

  private constructor(rules: EmbeddedRules, deps: EmbeddedEventBusDeps, opened: OpenedStorage | undefined) {
    const { clock, catalogue = TRADING_EVENTS, metrics } = deps;
    this.name = rules.name;
    this.catalogue = catalogue;
    this.#rules = rules;
    this.#deps = deps;
    this.#opened = opened;
    this.#counts = new EmbeddedCounts(rules.name, metrics);
    this.#dispatcher = new Dispatcher({ clock });
    this.#news = new NewEvents({
      ...{ catalogue, clock: { nowMs: () => this.#nowMs }, source: rules.source ?? `/${rules.name}` },
      idPrefix: this.#randomId(),
    });
    const { counts, dispatcher } = { counts: this.#counts, dispatcher: this.#dispatcher };
    const checkOpen = (): void => {
      this.#checkOpen('deadLetters');
    };
    const requeue = (letter: DeadLetter): Promise<void> => this.#topicOf(letter.topic).requeue(letter);
    const boxDeps = { clock, counts, checkOpen, requeue, saved: opened?.saved };
    this.#letters = new DeadLetterBox(rules.keepLetters, boxDeps, opened?.found);
    this.deadLetters = this.#letters;
    for (const name of catalogue.topics) {
      const disk = opened?.disks.get(name);
      const topic = new Topic(name, rules, { clock, catalogue, counts, disk, changed: this.#changed });
      this.#topics.set(name, topic);
      dispatcher.add({ dispatch: (budget) => topic.admit(budget) });
    }
    const group = (name: string): EmbeddedGroupDeps => this.#groupDeps(name);
    const { topics, letters } = { topics: this.#topics, letters: this.#letters };
    this.#groups = new EmbeddedGroups({ topics, dispatcher, letters, counts, saved: opened?.saved, group });
    if (opened !== undefined) this.#groups.restore(opened.found);
    const { logger } = deps;
    this.#timers = [...startUpkeep(rules, { clock, topics, logger, saved: opened?.saved })];
    if (metrics !== undefined) this.#timers.push(reportBus(metrics, this, [...topics.values()]));
  }

  /**
   * @throws {PortcullisError} `OPTION_INVALID`; with storage what its logs and its store throw: `LOG_DAMAGED`,
   * `STORE_UNAVAILABLE`
   */
  static async open(options: EmbeddedEventBusOptions, deps: EmbeddedEventBusDeps): Promise<EmbeddedEventBus> {
    const { clock, catalogue = TRADING_EVENTS, logger, storage } = deps;
    const given = parseOptions('EmbeddedEventBus', embeddedSchema, options);
    const rules = { ...given, keepEvents: given.keepEvents ?? (storage === undefined ? 1000 : 100_000) };
    if (rules.overflow.policy === 'spill' && storage === undefined) {
      throw new PortcullisError(
        'OPTION_INVALID',
        'EmbeddedEventBus: overflow.policy: spill keeps events on disk: expected storage with it',
      );
    }
    const opened = storage && (await openStorage(rules, storage, { clock, logger, catalogue }));
    return new EmbeddedEventBus(rules, deps, opened);
  }

  publish<D>(type: EventType<D>, data: NoInfer<D>, options?: PublishOptions): Promise<PublishReceipt> {
    if (this.#isClosed) return Promise.reject(this.#refusal('publish'));
    try {
      this.#nowMs = this.#deps.clock.nowMs();
      const event = this.#news.make(type, data, options);
      return this.#topicOf(type.topic).publish(event, options?.id !== undefined, this.#nowMs);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
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
    const { names, topics } = chooseTopics('subscribe', types, rules.from, this.#choice);
    const membership = this.#groups.join({
      group,
      types: names,
      topics,
      rules,
      handler: handler as EventHandler,
    });
    const subscription: Subscription = {
      group,
      ready: membership.ready,
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
    const { names, topics } = chooseTopics('replay', types, rules.from, this.#choice);
    const group = `replay-${this.#randomId()}`;
    const places = topics.map((topic) => replayPlace(group, topic, rules.from, follow));
    const replay = new EmbeddedReplay(
      { group, places, types: names, rules, handler: handler as EventHandler, follow },
      {
        ...this.#groupDeps(group),
        dispatcher: this.#dispatcher,
        onEnd: (ended) => this.#active.delete(ended),
      },
    );
    this.#active.add(replay);
    return replay;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, memory is not
  async groups(): Promise<readonly GroupStatus[]> {
    this.#checkOpen('groups');
    return this.#groups.statuses();
  }

  async dropGroup(group: string): Promise<boolean> {
    this.#checkOpen('dropGroup');
    return this.#groups.drop(group);
  }

  status(): BusStatus {
    const spilled = this.#sum((topic) => topic.spilled);
    const waiting = this.#sum((topic) => topic.waiting + topic.unwritten) + spilled;
    const error = this.#error;
    const { dropped } = this.#counts;
    return {
      connected: !this.#isClosed && error === undefined,
      ...{ waiting, spilled, dropped },
      ...(error !== undefined && { error }),
    };
  }

  close(timeoutMs = 10_000): Promise<BusCloseReport> {
    this.#isClosed = true;
    if (this.#closed === undefined) this.#closed = this.#close(timeoutMs);
    else for (const each of this.#active) void each.stop(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<BusCloseReport> {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    const unsent = this.#sum((topic) => topic.close());
    const { clock, logger } = this.#deps;
    const endMs = clock.monotonicMs() + timeoutMs;
    const forHandlersMs = this.#opened === undefined ? timeoutMs : timeoutMs * HANDLERS_SHARE;
    await Promise.all([...this.#active].map((each) => each.stop(forHandlersMs)));
    this.#dispatcher.stop();
    if (this.#opened !== undefined) {
      const leftMs = Math.max(0, endMs - clock.monotonicMs());
      await leaveStorage(this.#opened, this.#topics, { clock, logger, timeoutMs: leftMs });
    }
    return { unsent, spilled: 0 };
  }

  readonly #changed = (): void => {
    this.#dispatcher.schedule();
  };

  get #error(): string | undefined {
    return (
      this.#opened?.saved.error ?? [...this.#topics.values()].find(({ error }) => error !== undefined)?.error
    );
  }

  /** A member that holds all the events there may be would leave none to drop. */
  #memberRules(rules: MemberRules): MemberRules {
    const { policy, maxUnhandled } = this.#rules.overflow;
    if (policy !== 'drop-oldest') return rules;
    const most = Math.max(rules.concurrency, Math.floor(maxUnhandled / 2));
    return { ...rules, maxInFlight: Math.min(rules.maxInFlight, most) };
  }

  #groupDeps(name: string): EmbeddedGroupDeps {
    const { clock, random, metrics, logger, tracing } = this.#deps;
    return {
      ...{ bus: this.name, clock, random, metrics, logger, tracing, saved: this.#opened?.saved },
      changed: this.#changed,
      bury: (place, entry, why) => this.#letters.bury(place, entry, why),
      onGivenBack: (events) => {
        this.#counts.redelivered(name, events);
      },
    };
  }

  get #choice(): ChoiceDeps {
    return { catalogue: this.catalogue, topics: this.#topics };
  }

  #topicOf(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new PortcullisError('OPTION_INVALID', `${name}: expected a topic of the bus`);
    return topic;
  }

  #checkOpen(call: string): void {
    if (this.#isClosed) throw this.#refusal(call);
  }

  #refusal(call: string): PortcullisError {
    return new PortcullisError('BUS_CLOSED', `${call}: the bus ${this.name} has been closed`);
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
