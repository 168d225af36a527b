import type { Clock } from '../../core/clock.ts';
import type { Logger, MetricsRegistry, Tracing } from '../../telemetry/index.ts';
import { orderingKey } from '../bus-event.ts';
import type { EventHandler } from '../event-bus.ts';
import type { DeadReason } from '../dead-letter.ts';
import { GroupMember, type MemberListener } from '../group-member.ts';
import type { MemberRules } from '../subscribe-options.ts';
import type { CarefulStart } from './careful-start.ts';
import type { Dispatched } from './dispatcher.ts';
import type { GroupPlace } from './group-place.ts';
import { KeyOwners, hashOf } from './key-owners.ts';
import { type FlawedEvent, type KeptEntry, KeptEvent } from './kept-event.ts';

export interface EmbeddedGroupDeps {
  readonly bus: string;
  readonly clock: Clock;
  readonly random?: (() => number) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  readonly logger?: Logger | undefined;
  readonly tracing?: Tracing | undefined;
  /** Something can be handed on. */
  readonly changed: () => void;
  /** Keeps what the group cannot handle. Resolves with whether it could; never rejects. */
  readonly bury: (place: GroupPlace, entry: KeptEntry, why: Burial) => Promise<boolean>;
  /** Whether it is that of one replay. */
  readonly isReplay?: boolean | undefined;
  /** After a process that has died. */
  readonly careful?: CarefulStart | undefined;
  readonly onDone?: (() => void) | undefined;
  readonly onGivenBack?: ((events: number) => void) | undefined;
}

/** Why an event goes to the dead letters. */
export interface Burial {
  readonly reason: DeadReason;
  readonly detail: string;
  readonly attempts: number;
}

interface Worker {
  readonly member: GroupMember<KeptEvent>;
  readonly rules: MemberRules;
  isStopping: boolean;
}

/** One who can leave the group. */
export interface Membership {
  /** A second call waits for the first, and may shorten it. */
  stop(timeoutMs: number): Promise<void>;
}

/** Events that wait for a member to stop, before a topic waits as a whole. */
const MOST_PARKED = 1000;

/** Hands the events of its topics to its members: those of one key to one of them at a time. */
export class EmbeddedGroup implements Dispatched {
  readonly name: string;
  readonly #deps: EmbeddedGroupDeps;
  readonly #places = new Map<string, GroupPlace>();
  readonly #workers: Worker[] = [];
  readonly #owners = new KeyOwners<Worker>();
  /** Earlier attempts of those that have failed here. */
  readonly #attempts = new Map<KeptEvent, number>();
  /** Those whose letters are being written. */
  readonly #dying = new Set<KeptEvent>();
  /** `undefined` for all. */
  #types: ReadonlySet<string> | undefined;
  /** The one that is tried with care, as it was handed on. */
  #tried: KeptEvent | undefined;
  #isTrying = false;
  /** The one that is being offered, until it is done. */
  #offered: KeptEvent | undefined;

  constructor(name: string, deps: EmbeddedGroupDeps) {
    this.name = name;
    this.#deps = deps;
  }

  get places(): ReadonlyMap<string, GroupPlace> {
    return this.#places;
  }

  get members(): number {
    return this.#workers.length;
  }

  /** Of its members; `undefined` for all. */
  get types(): ReadonlySet<string> | undefined {
    return this.#types;
  }

  addPlace(place: GroupPlace): void {
    this.#places.set(place.topic.name, place);
    place.topic.add(place);
  }

  /** Lets go of its places. */
  leave(): void {
    for (const place of this.#places.values()) place.topic.remove(place);
    this.#places.clear();
  }

  /** @param types the same as those of other members; `undefined` for all */
  join(types: ReadonlySet<string> | undefined, rules: MemberRules, handler: EventHandler): Membership {
    this.#types = types;
    const { bus, clock, random, metrics, logger, tracing, isReplay } = this.#deps;
    const member = new GroupMember<KeptEvent>(rules, {
      ...{ bus, group: this.name, isReplay, handler, clock, listener: this.#listener() },
      ...{ random, metrics, logger, tracing },
    });
    const worker: Worker = { member, rules, isStopping: false };
    this.#workers.push(worker);
    this.#deps.changed();
    let stopped: Promise<void> | undefined;
    const stop = (timeoutMs: number): Promise<void> => {
      if (stopped === undefined) stopped = this.#stop(worker, timeoutMs);
      else void member.stop(timeoutMs);
      return stopped;
    };
    return { stop };
  }

  dispatch(budget: number): number {
    if (this.#isTrying || !this.#workers.some(({ isStopping }) => !isStopping)) return 0;
    let handed = 0;
    for (const place of this.#places.values()) {
      while (handed < budget && this.#handOn(place)) handed += 1;
    }
    return handed;
  }

  /** @returns whether there was something, and it could go on */
  #handOn(place: GroupPlace): boolean {
    const entry = this.#isTrying ? undefined : place.peek();
    if (entry === undefined) return false;
    if (!this.#wants(entry)) {
      place.skip(entry);
      place.topic.madeRoom();
      return true;
    }
    if (!(entry instanceof KeptEvent)) {
      place.take();
      void this.#bury(place, entry, { ...entry.flaw, attempts: 0 });
      return true;
    }
    const worker = this.#workerFor(entry);
    if (worker === undefined || worker.isStopping) {
      if (worker === undefined || place.parked >= MOST_PARKED) return false;
      place.park(entry);
      return true;
    }
    if (worker.member.room <= 0) return false;
    if (this.#deps.careful?.isDue(place, entry) === true)
      return this.#try(this.#deps.careful, place, entry, worker);
    place.take();
    this.#offer(entry, worker);
    return true;
  }

  #wants(entry: KeptEntry): boolean {
    if (entry.requeuedFor !== undefined && entry.requeuedFor !== this.name) return false;
    const types = this.#types;
    if (types === undefined) return true;
    if (entry instanceof KeptEvent) return types.has(entry.event.type);
    return entry.type === undefined || entry.flaw.reason === 'UNKNOWN_TYPE' || types.has(entry.type);
  }

  /** One that is stopping where the key has to wait for it. */
  #workerFor(entry: KeptEvent): Worker | undefined {
    if (this.#workers.length === 1) return this.#workers[0];
    const key = orderingKey(entry.event);
    const owner = this.#owners.of(key);
    if (owner !== undefined) return owner;
    const ready = this.#workers.filter(({ isStopping }) => !isStopping);
    return ready[hashOf(key) % ready.length];
  }

  #offer(entry: KeptEvent, worker: Worker): void {
    this.#offered = entry;
    worker.member.offer(entry);
    if (this.#offered !== entry) return;
    this.#offered = undefined;
    this.#owners.take(orderingKey(entry.event), worker);
  }

  /** Hands on one alone, once it is noted that it is. */
  #try(careful: CarefulStart, place: GroupPlace, entry: KeptEvent, worker: Worker): boolean {
    if (careful.isTrying) return false;
    place.take();
    this.#owners.take(orderingKey(entry.event), worker);
    this.#isTrying = true;
    void careful.begin(place, entry).then((attempts) => {
      const tried = entry.tried(attempts ?? 0);
      this.#tried = tried;
      if (attempts !== undefined && !worker.isStopping) {
        this.#deps.onGivenBack?.(1);
        worker.member.offer(tried);
        return;
      }
      place.giveBack([entry]);
      this.#endTry(tried);
      this.#release(entry);
      this.#deps.changed();
    });
    return true;
  }

  #endTry(entry: KeptEvent): void {
    if (this.#tried !== entry) return;
    const place = this.#places.get(entry.topic);
    if (place !== undefined) this.#deps.careful?.end(place, entry);
    this.#tried = undefined;
    this.#isTrying = false;
    this.#deps.changed();
  }

  #listener(): MemberListener<KeptEvent> {
    return {
      onDone: (entry) => {
        this.#deps.onDone?.();
        this.#settled(entry);
      },
      onDead: (entry, why) => this.#buried(entry, why),
      onRetry: (entry, { attempts }) => {
        this.#attempts.set(entry, attempts);
        this.#endTry(entry);
      },
      onRoom: this.#deps.changed,
    };
  }

  /** A member has given one up. It is ours until its letter is written, even if the member stops before. */
  async #buried(entry: KeptEvent, why: Burial): Promise<void> {
    const place = this.#places.get(entry.topic);
    this.#dying.add(entry);
    const isBuried = place === undefined || (await this.#deps.bury(place, entry, why));
    this.#dying.delete(entry);
    if (isBuried) this.#settled(entry);
  }

  #settled(entry: KeptEvent): void {
    if (this.#attempts.size > 0) this.#attempts.delete(entry);
    if (this.#isTrying) this.#endTry(entry);
    this.#places.get(entry.topic)?.acknowledge(entry);
    if (this.#offered === entry) this.#offered = undefined;
    else this.#release(entry);
  }

  async #bury(place: GroupPlace, entry: FlawedEvent, why: Burial): Promise<void> {
    if (await this.#deps.bury(place, entry, why)) place.acknowledge(entry);
    else place.giveBack([entry]);
  }

  /** One of its key is not on its way any more. */
  #release(entry: KeptEvent): void {
    if (!this.#owners.release(orderingKey(entry.event))) return;
    for (const place of this.#places.values()) {
      if (place.parked === 0) continue;
      place.unpark();
      this.#deps.changed();
    }
  }

  async #stop(worker: Worker, timeoutMs: number): Promise<void> {
    worker.isStopping = true;
    const left = (await worker.member.stop(timeoutMs)).filter((entry) => !this.#dying.has(entry));
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    for (const place of this.#places.values()) {
      const own = left.filter(({ topic }) => topic === place.topic.name);
      place.giveBack(own.map((entry) => this.#withAttempts(entry)));
    }
    for (const entry of left) {
      this.#endTry(entry);
      this.#release(entry);
    }
    for (const place of this.#places.values()) place.unpark();
    if (left.length > 0) this.#deps.onGivenBack?.(left.length);
    this.#deps.changed();
  }

  #withAttempts(entry: KeptEvent): KeptEvent {
    const attempts = this.#attempts.get(entry);
    this.#attempts.delete(entry);
    return attempts === undefined ? entry : entry.tried(attempts);
  }
}
