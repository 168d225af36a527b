import { describe, expect, test } from 'vitest';
import type { JsonValue, SetOptions, SetResult, StateEntry } from '../../src/storage/index.ts';
import { halted, reducing, release } from '../risk/support/kill-switch.ts';
import { type Firm, SharedStore, firm, join, poll, settled } from '../risk/shared/support/firm.ts';

interface Entry {
  readonly trips: readonly { readonly id: string }[];
  readonly tombstones: readonly object[];
}

/** A shared store behind which one rule of the shared kill switch is broken. */
class Sabotaged extends SharedStore {
  readonly #onRead: (entry: Entry) => Entry;
  readonly #onWrite: (entry: Entry, options: SetOptions | undefined) => [Entry, SetOptions | undefined];

  constructor({
    onRead = (entry: Entry): Entry => entry,
    onSet = (entry: Entry, options?: SetOptions): [Entry, SetOptions | undefined] => [entry, options],
  } = {}) {
    super();
    this.#onRead = onRead;
    this.#onWrite = onSet;
  }

  override async get(key: string): Promise<StateEntry | undefined> {
    const found = await super.get(key);
    return (
      found && { ...found, value: this.#onRead(found.value as unknown as Entry) as unknown as JsonValue }
    );
  }

  override set(key: string, value: JsonValue | object, options?: SetOptions): Promise<SetResult> {
    const [entry, how] = this.#onWrite(value as Entry, options);
    return super.set(key, entry, how);
  }
}

const over = (server: SharedStore): Firm => ({ ...firm(), server });

/** What holds, each by name, as a question that the sound switch answers with yes. */
const RULES = {
  'what is too old is not trusted': async (world) => {
    const a = await join(world);
    world.server.isAway = true;
    world.clock.advance(60_000);
    return a.killSwitch.tradingState() === 'reducing';
  },
  'a lost entry is begun with what is known, before anybody reads it': async (world) => {
    const a = await join(world);
    await a.killSwitch.trip(halted());
    await settled();
    await world.server.lose();
    await a.shared.look();
    return (await join(world)).killSwitch.tradingState() === 'halted';
  },
  'a release leaves a newer trip of somebody else': async (world) => {
    const [a, b] = [
      await join({ ...world, signals: undefined }),
      await join({ ...world, signals: undefined }),
    ];
    await a.killSwitch.trip(reducing());
    await poll(world);
    let isFirst = true;
    world.server.onWrite = async () => {
      if (!isFirst) return;
      isFirst = false;
      await b.killSwitch.trip(halted());
      await b.shared.look();
    };
    await a.shared.release(release()).catch(() => undefined);
    await b.shared.close(); // it cannot write it anew
    return (await join(world)).killSwitch.tradingState() === 'halted';
  },
  'a release reaches who was not there': async (world) => {
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await settled();
    await b.shared.close();
    await a.shared.release(release());
    return (await join(world, { disk: b.disk })).killSwitch.tradingState() === 'active';
  },
} satisfies Readonly<Record<string, (world: Firm) => Promise<boolean>>>;
type Rule = keyof typeof RULES;

const stoppedClock = (): Firm => {
  const world = firm();
  const { clock } = world;
  return {
    ...world,
    clock: Object.assign(Object.create(clock) as typeof clock, {
      monotonicMs: () => 0,
      nowMs: () => clock.nowMs(),
      advance: (ms: number) => {
        clock.advance(ms);
      },
      every: clock.every.bind(clock),
      deadline: clock.deadline.bind(clock),
    }),
  };
};

const DEFECTS: readonly (readonly [name: string, world: () => Firm, rule: Rule])[] = [
  ['trusts a stale copy', stoppedClock, 'what is too old is not trusted'],
  [
    'writes a missing entry back without trips',
    () =>
      over(
        new Sabotaged({
          onSet: (entry, options) => [options?.ifVersion === 0 ? { ...entry, trips: [] } : entry, options],
        }),
      ),
    'a lost entry is begun with what is known, before anybody reads it',
  ],
  [
    'releases over what was written meanwhile',
    () =>
      over(new Sabotaged({ onSet: (entry, options) => [entry, entry.tombstones.length > 0 ? {} : options] })),
    'a release leaves a newer trip of somebody else',
  ],
  [
    'ignores tombstones',
    () => over(new Sabotaged({ onRead: (entry) => ({ ...entry, tombstones: [] }) })),
    'a release reaches who was not there',
  ],
];

describe('defects of a shared kill switch, by name', () => {
  test.each(Object.entries(RULES))('the sound one: %s', async (_, holds) => {
    expect(await holds(firm())).toBe(true);
  });

  test.each(DEFECTS)('one that %s is caught', async (_, world, rule) => {
    expect(await RULES[rule](world())).toBe(false);
  });
});
