import type { EventHandler, Replay, ReplayReport } from '../event-bus.ts';
import type { MemberRules } from '../subscribe-options.ts';
import type { Dispatched, Dispatcher } from './dispatcher.ts';
import { EmbeddedGroup, type EmbeddedGroupDeps, type Membership } from './embedded-group.ts';
import type { GroupPlace } from './group-place.ts';

export interface EmbeddedReplayOptions {
  /** Of the group that it has for itself. */
  readonly group: string;
  /** Those of a durable bus have to be looked for first. */
  readonly places: readonly (GroupPlace | Promise<GroupPlace>)[];
  readonly types: ReadonlySet<string> | undefined;
  readonly rules: MemberRules;
  readonly handler: EventHandler;
  readonly follow: boolean;
}

export interface EmbeddedReplayDeps extends Omit<
  EmbeddedGroupDeps,
  'bury' | 'onDone' | 'saved' | 'onGivenBack' | 'isReplay'
> {
  readonly dispatcher: Dispatcher;
  readonly onEnd: (replay: EmbeddedReplay) => void;
}

/** Events once more, for a group that nobody else sees. */
export class EmbeddedReplay implements Replay, Dispatched {
  readonly ready: Promise<void>;
  readonly done: Promise<ReplayReport>;
  readonly #group: EmbeddedGroup;
  readonly #membership: Membership;
  readonly #deps: EmbeddedReplayDeps;
  readonly #follow: boolean;
  readonly #resolve: (report: ReplayReport) => void;
  /** Places that are not found yet. */
  #looking = 0;
  #handled = 0;
  #failed = 0;
  #ended: Promise<void> | undefined;

  constructor(
    { group, places, types, rules, handler, follow }: EmbeddedReplayOptions,
    deps: EmbeddedReplayDeps,
  ) {
    const { promise, resolve } = Promise.withResolvers<ReplayReport>();
    this.done = promise;
    this.#resolve = resolve;
    this.#deps = deps;
    this.#follow = follow;
    const { bus, clock, random, metrics, logger, tracing, changed } = deps;
    this.#group = new EmbeddedGroup(group, {
      ...{ bus, isReplay: true, clock, random, metrics, logger, tracing, changed },
      onDone: () => {
        this.#handled += 1;
        deps.changed();
      },
      bury: () => {
        this.#failed += 1;
        deps.changed();
        return Promise.resolve(true);
      },
    });
    for (const place of places) this.#enter(place);
    this.ready = Promise.all(places.map((place) => Promise.resolve(place))).then(() => undefined);
    this.ready.catch(() => undefined); // those who do not ask
    this.#membership = this.#group.join(types, rules, handler);
    deps.dispatcher.add(this);
  }

  dispatch(budget: number): number {
    const handed = this.#group.dispatch(budget);
    if (handed > 0) return handed;
    if (this.#isCutOff) {
      this.#deps.logger?.warn(
        { bus: this.#deps.bus },
        'a replay did not keep up with what memory holds and ends',
      );
      void this.stop();
    } else if (!this.#follow && this.#isThrough()) void this.#end(0, true);
    return 0;
  }

  stop(timeoutMs = 10_000): Promise<void> {
    return this.#end(timeoutMs, false);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #enter(place: GroupPlace | Promise<GroupPlace>): void {
    if (!(place instanceof Promise)) {
      this.#group.addPlace(place);
      return;
    }
    this.#looking += 1;
    place.then(
      (found) => {
        this.#looking -= 1;
        if (this.#ended === undefined) this.#group.addPlace(found);
        this.#deps.changed();
      },
      () => this.#end(0, false),
    );
  }

  get #isCutOff(): boolean {
    return [...this.#group.places.values()].some(({ isCutOff }) => isCutOff);
  }

  #isThrough(): boolean {
    if (this.#looking > 0) return false;
    return [...this.#group.places.values()].every(({ unhandled }) => unhandled === 0);
  }

  #end(timeoutMs: number, complete: boolean): Promise<void> {
    if (this.#ended === undefined) this.#ended = this.#leave(timeoutMs, complete);
    else void this.#membership.stop(timeoutMs);
    return this.#ended;
  }

  async #leave(timeoutMs: number, complete: boolean): Promise<void> {
    this.#deps.dispatcher.remove(this);
    await this.#membership.stop(timeoutMs);
    this.#group.leave();
    this.#deps.onEnd(this);
    this.#resolve({ handled: this.#handled, failed: this.#failed, complete });
  }
}
