import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type { EventHandler, GroupStatus } from '../event-bus.ts';
import type { MemberRules } from '../subscribe-options.ts';
import type { CarefulStart } from './careful-start.ts';
import { carefulStarts } from './careful-starts.ts';
import type { DeadLetterBox } from './dead-letter-box.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { EmbeddedCounts } from './embedded-counts.ts';
import { EmbeddedGroup, type EmbeddedGroupDeps, type Membership } from './embedded-group.ts';
import { GroupCursor, type SavedCursor } from './group-cursor.ts';
import { GroupPlace, type SavedPlace } from './group-place.ts';
import type { FoundState, SavedState } from './saved-state.ts';
import type { Topic } from './topic.ts';

export interface EmbeddedGroupsDeps {
  readonly topics: ReadonlyMap<string, Topic>;
  readonly dispatcher: Dispatcher;
  readonly letters: DeadLetterBox;
  readonly counts: EmbeddedCounts;
  readonly saved: SavedState | undefined;
  /** Of a group of this name. */
  readonly group: (name: string) => EmbeddedGroupDeps;
}

/** What a subscription asks for. */
export interface Joining {
  readonly group: string;
  /** `undefined` for all. */
  readonly types: ReadonlySet<string> | undefined;
  readonly topics: readonly Topic[];
  readonly rules: MemberRules;
  readonly handler: EventHandler;
}

/** The live groups of a bus, with and without members. */
export class EmbeddedGroups {
  readonly #deps: EmbeddedGroupsDeps;
  readonly #groups = new Map<string, EmbeddedGroup>();
  /** Places that are being looked for, by group and topic. */
  readonly #looking = new Map<string, Promise<void>>();

  constructor(deps: EmbeddedGroupsDeps) {
    this.#deps = deps;
  }

  /** Puts groups where they were when the bus was closed, or a little before where it was not. */
  restore({ places, isUnclean }: Pick<FoundState, 'places' | 'isUnclean'>): void {
    const found = [...places].flatMap(([group, cursors]) =>
      [...cursors].flatMap(([name, saved]) => {
        const topic = this.#deps.topics.get(name);
        // Without one the catalogue has no type of it any more; it may again.
        return topic === undefined ? [] : [{ group, topic, saved: this.#inLog(group, topic, saved) }];
      }),
    );
    const start = carefulStarts(
      found.map(({ saved }) => saved),
      isUnclean,
    );
    for (const { group, topic, saved } of found)
      this.#place(this.#groupOf(group), topic, saved, start(saved, topic.last));
  }

  /** @throws {PortcullisError} `OPTION_INVALID` */
  join({ group: name, types, topics, rules, handler }: Joining): Membership & { ready: Promise<void> } {
    const found = this.#groups.get(name);
    if (found !== undefined && found.members > 0 && !isSame(found.types, types)) {
      const message = `subscribe: ${name}: expected the types that its other members have`;
      throw new PortcullisError('OPTION_INVALID', message);
    }
    const group = this.#groupOf(name);
    const looking = topics.flatMap((topic) => this.#enter(group, topic, rules.from) ?? []);
    const membership = group.join(types, rules, handler);
    const ready = this.#isReady(topics, looking).catch(async (cause: unknown) => {
      await membership.stop(0);
      if (found === undefined) await this.drop(name).catch(ignore); // it was never saved
      const message = `subscribe: the group was not made: ${messageOf(cause)}`;
      throw new PortcullisError('BUS_UNAVAILABLE', message, { cause });
    });
    ready.catch(ignore);
    return { ready, ...membership };
  }

  statuses(): readonly GroupStatus[] {
    return [...this.#groups.values()].flatMap(({ name, members, places }) =>
      [...places].map(([topic, { lag, pending }]) => ({
        ...{ group: name, topic, lag, pending, members },
        deadLetters: this.#deps.letters.of(name, topic),
      })),
    );
  }

  async drop(name: string): Promise<boolean> {
    const found = this.#groups.get(name);
    if (found === undefined || found.members > 0) return false;
    this.#groups.delete(name);
    this.#deps.dispatcher.remove(found);
    const places = [...found.places.values()];
    found.leave();
    await this.#deps.letters.forget(name);
    await this.#deps.saved?.forget(places);
    return true;
  }

  #groupOf(name: string): EmbeddedGroup {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    const group = new EmbeddedGroup(name, this.#deps.group(name));
    this.#groups.set(name, group);
    this.#deps.dispatcher.add(group);
    return group;
  }

  /** Gives a group a place in a topic where it has none. */
  #enter(group: EmbeddedGroup, topic: Topic, from: MemberRules['from']): Promise<void> | undefined {
    if (group.places.has(topic.name)) return undefined;
    const key = `${group.name} ${topic.name}`;
    const found = this.#looking.get(key);
    if (found !== undefined) return found;
    const next = topic.locate(from);
    if (typeof next === 'number') {
      this.#place(group, topic, { floor: next - 1, above: [] });
      return undefined;
    }
    const looking = next
      .then((seq) => {
        // It may have been dropped meanwhile.
        if (this.#groups.get(group.name) !== group) return;
        this.#place(group, topic, { floor: seq - 1, above: [] });
      })
      .finally(() => this.#looking.delete(key));
    this.#looking.set(key, looking);
    return looking;
  }

  #place(group: EmbeddedGroup, topic: Topic, saved: SavedCursor, careful?: CarefulStart): void {
    const cursor = this.#deps.saved === undefined ? undefined : new GroupCursor(saved);
    const next = saved.floor + 1;
    group.addPlace(new GroupPlace({ group: group.name, topic, next, counts: true, cursor, careful }));
    this.#deps.dispatcher.schedule();
  }

  async #isReady(topics: readonly Topic[], looking: readonly Promise<void>[]): Promise<void> {
    await Promise.all(looking);
    await this.#deps.saved?.save(topics);
  }

  /** What was saved, as far as the log still has it. */
  #inLog(group: string, topic: Topic, { floor, above, tries }: SavedPlace): SavedPlace {
    const counts = this.#deps.counts.topic(topic.name);
    if (floor > topic.last) {
      counts.lost(group, 'reset', floor - topic.last);
      return { floor: topic.last, above: [] };
    }
    const least = topic.first - 1;
    if (floor >= least) return { floor, above, tries };
    const cursor = new GroupCursor({ floor, above });
    let lost = 0;
    for (let seq = floor + 1; seq <= least; seq += 1) {
      if (!cursor.has(seq)) lost += 1;
      cursor.acknowledge(seq);
    }
    counts.lost(group, 'trimmed', lost);
    return { ...cursor.save(), tries };
  }
}

const isSame = (a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean =>
  a === b || (a?.size === b?.size && [...(a ?? [])].every((type) => b?.has(type) === true));

const ignore = (): void => undefined;
