import type { Clock } from '../../core/clock.ts';
import type { Logger, MetricsRegistry, Tracing } from '../../telemetry/index.ts';
import { orderingKey } from '../bus-event.ts';
import type { EventHandler } from '../event-bus.ts';
import { GroupMember, type MemberListener } from '../group-member.ts';
import type { MemberRules } from '../subscribe-options.ts';
import { CarefulTries } from './careful-tries.ts';
import type { Burial } from './dead-letter-box.ts';
import type { Dispatched } from './dispatcher.ts';
import type { GroupPlace } from './group-place.ts';
import { KeyOwners, hashOf } from './key-owners.ts';
import { type FlawedEvent, type KeptEntry, KeptEvent } from './kept-event.ts';
import type { SavedState } from './saved-state.ts';

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
  /** Where places outlive the process. */
  readonly saved?: SavedState | undefined;
  readonly onDone?: (() => void) | undefined;
  readonly onGivenBack?: ((events: number) => void) | undefined;
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
  /** After a process that has died. */
  readonly #tries: CarefulTries | undefined;
  /** Index of the place that comes first. */
  #turn = 0;
  /** `undefined` for all. */
  #types: ReadonlySet<string> | undefined;
  /** The one that is being offered, until it is done. */
  #offered: KeptEvent | undefined;

  constructor(name: string, deps: EmbeddedGroupDeps) {
    this.name = name;
    this.#deps = deps;
    const { clock, saved, changed } = deps;
    const giveBack = (place: GroupPlace, entry: KeptEvent): void => {
      place.giveBack([entry]);
      this.#release(entry);
      changed();
    };
    this.#tries = saved && new CarefulTries({ clock, saved, changed, giveBack });
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
    place.wants = (entry) => this.#wants(entry);
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

  /** Topics in turns, each its share, beginning behind the one that was served last. */
  dispatch(budget: number): number {
    if (!this.#workers.some(({ isStopping }) => !isStopping)) return 0;
    const places = [...this.#places.values()];
    const first = this.#turn;
    let handed = 0;
    for (let left = places.length; left > 0; left -= 1) {
      const at = (first + places.length - left) % places.length;
      const place = places[at];
      const until = handed + Math.ceil((budget - handed) / left);
      const before = handed;
      while (place !== undefined && handed < until && this.#handOn(place)) handed += 1;
      if (handed > before) this.#turn = at + 1;
    }
    return handed;
  }

  /** @returns whether there was something, and it could go on */
  #handOn(place: GroupPlace): boolean {
    const entry = place.peek();
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
    if (worker === undefined) return false;
    if (worker.isStopping) return place.park(entry);
    if (worker.member.room <= 0) return false;
    if (this.#tries !== undefined && place.careful !== undefined)
      return this.#try(this.#tries, place, entry, worker);
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

  /** Hands on with care. @returns whether it could go on */
  #try(tries: CarefulTries, place: GroupPlace, entry: KeptEvent, worker: Worker): boolean {
    const key = orderingKey(entry.event);
    const how = tries.admits(place, entry, this.#owners.of(key) !== undefined);
    if (how === 'later') return false;
    if (how === 'behind') return place.park(entry);
    place.take();
    if (how === 'freely') {
      this.#offer(entry, worker);
      return true;
    }
    this.#owners.take(key, worker);
    void tries.begin(place, entry, (tried) => {
      if (worker.isStopping) return false;
      this.#deps.onGivenBack?.(1);
      worker.member.offer(tried);
      return true;
    });
    return true;
  }

  /** It has failed. One that was tried alone is not tried again but alone. */
  #failed(entry: KeptEvent, attempts: number, delayMs: number): void {
    const place = this.#places.get(entry.topic);
    const worker = this.#owners.of(orderingKey(entry.event));
    if (place === undefined || worker === undefined || this.#tries?.end(place, entry, attempts) !== true) {
      this.#attempts.set(entry, attempts);
      return;
    }
    worker.member.abandon((each) => each === entry);
    this.#tries.rest(place, worker, entry.tried(attempts), delayMs);
  }

  #listener(): MemberListener<KeptEvent> {
    return {
      onDone: (entry) => {
        this.#deps.onDone?.();
        this.#settled(entry);
      },
      onDead: (entry, why) => this.#buried(entry, why),
      onRetry: (entry, { attempts, delayMs }) => {
        this.#failed(entry, attempts, delayMs);
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
    this.#deps.changed();
  }

  #settled(entry: KeptEvent): void {
    if (this.#attempts.size > 0) this.#attempts.delete(entry);
    const place = this.#places.get(entry.topic);
    this.#tries?.end(place, entry);
    place?.acknowledge(entry);
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
      this.#tries?.end(this.#places.get(entry.topic), entry, entry.attempts);
      this.#release(entry);
    }
    this.#tries?.stop(worker);
    for (const place of this.#places.values()) place.unpark();
    if (left.length > 0) this.#deps.onGivenBack?.(left.length);
    this.#deps.changed();
  }

  #withAttempts(entry: KeptEvent): KeptEvent {
    const attempts = this.#attempts.get(entry);
    this.#attempts.delete(entry);
    return attempts === undefined ? entry : entry.tried(attempts, true);
  }
}
