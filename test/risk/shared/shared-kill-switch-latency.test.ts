import { describe, expect, test } from 'vitest';
import type { ManualClock } from '../../../src/core/index.ts';
import type { JsonValue, SetOptions, SetResult, StateEntry } from '../../../src/storage/index.ts';
import { halted, reducing, release } from '../support/kill-switch.ts';
import { type Firm, KEY, type Member, SharedStore, firm, join, settled } from './support/firm.ts';

class DistantStore extends SharedStore {
  thereMs = 10;
  backMs = 10;
  reads = 0;
  readonly #clock: ManualClock;

  constructor({ server, clock }: Firm) {
    super();
    (this as { store: unknown }).store = server.store;
    this.#clock = clock;
  }

  override get(key: string): Promise<StateEntry | undefined> {
    this.reads += 1;
    return this.#trip(() => super.get(key));
  }

  override set(key: string, value: JsonValue | object, options?: SetOptions): Promise<SetResult> {
    return this.#trip(() => super.set(key, value, options));
  }

  async #trip<T>(work: () => Promise<T>): Promise<T> {
    const { thereMs, backMs } = this;
    await this.#clock.sleep(thereMs);
    const answer = await work();
    await this.#clock.sleep(backMs);
    return answer;
  }
}

const pass = async (world: Firm, ms: number): Promise<void> => {
  for (let at = 0; at < ms; at += 1) {
    world.clock.advance(1);
    await settled();
  }
};

/** Two processes with a round trip of 20 ms each, both in step. */
async function pair() {
  const world = firm();
  const stores = [new DistantStore(world), new DistantStore(world)] as const;
  const opening = Promise.all(stores.map((store) => join(world, { store })));
  await pass(world, 200);
  const [a, b] = (await opening) as [Member, Member];
  for (const store of stores) Object.assign(store, { reads: 0, writes: 0 });
  return { world, a, b, storeA: stores[0], storeB: stores[1] };
}

const stateOf = ({ killSwitch }: Member): string => killSwitch.tradingState();

describe('SharedKillSwitch over a line that takes its time', () => {
  test('a trip costs its process one write, and each of the rest one read', async () => {
    const { world, a, b, storeA, storeB } = await pair();
    const before = [a.shared.status.pushes, b.shared.status.pushes];
    void a.killSwitch.trip(halted());
    await settled();
    await pass(world, 39);
    expect(stateOf(b)).toBe('active');
    await pass(world, 1);
    expect([stateOf(b), storeA.reads, storeA.writes, storeB.reads, storeB.writes]).toEqual([
      'halted',
      0,
      1,
      1,
      0,
    ]);
    const after = [a.shared.status.pushes, b.shared.status.pushes];
    expect(after.map((pushes, at) => pushes - (before[at] ?? 0))).toEqual([0, 1]);
  });

  test('an announcement does not wait for a look that is under way', async () => {
    const { world, a, b, storeB } = await pair();
    await pass(world, 280);
    storeB.backMs = 900;
    await pass(world, 25);
    expect([b.shared.status.polls, storeB.reads]).toEqual([1, 1]);
    storeB.backMs = 10;
    void a.killSwitch.trip(halted());
    await pass(world, 60);
    expect([stateOf(b), storeB.reads]).toEqual(['halted', 2]);
  });

  test('an older answer that comes after a newer one takes nothing back, of trips or of releases', async () => {
    const { world, a, b, storeB } = await pair();
    void a.killSwitch.trip(halted());
    await pass(world, 100);
    storeB.backMs = 300;
    void b.shared.look();
    await pass(world, 20);
    storeB.backMs = 10;
    const released = a.shared.release(release());
    await pass(world, 120);
    await released;
    expect(stateOf(b)).toBe('active');
    await pass(world, 250);
    expect([stateOf(b), b.killSwitch.records(), storeB.writes, b.shared.status.link]).toEqual([
      'active',
      [],
      0,
      'in-step',
    ]);
  });

  test('of an announcement that was read too early the next one is not lost', async () => {
    const { world, a, b, storeB } = await pair();
    storeB.thereMs = 0;
    storeB.backMs = 500;
    await world.signals?.announce(KEY);
    await settled();
    Object.assign(storeB, { thereMs: 10, backMs: 10 });
    void a.killSwitch.trip(reducing());
    await pass(world, 60);
    expect(stateOf(b)).toBe('reducing');
  });

  test('many announcements at once ask a server that answers nothing a few times, and later once more', async () => {
    const { world, a, b, storeB } = await pair();
    storeB.thereMs = 800;
    for (let one = 0; one < 100; one += 1) await world.signals?.announce(KEY);
    await pass(world, 5);
    expect(storeB.reads).toBeLessThanOrEqual(9);
    storeB.thereMs = 10;
    void a.killSwitch.trip(halted());
    await pass(world, 1_700);
    expect([stateOf(b), b.shared.status.link]).toEqual(['halted', 'in-step']);
  });

  test('a trip waits for no read of what is known already, also when somebody else has written meanwhile', async () => {
    const { world, a, b, storeA } = await pair();
    const conflicts = () => a.shared.status.conflicts + b.shared.status.conflicts;
    const before = conflicts();
    storeA.thereMs = 5;
    void b.killSwitch.trip(reducing());
    void a.killSwitch.trip(halted());
    await pass(world, 100);
    expect([stateOf(a), stateOf(b), conflicts() - before]).toEqual(['halted', 'halted', 1]);
  });

  test('what it closes on the way comes to nothing', async () => {
    const { world, a, b } = await pair();
    void a.killSwitch.trip(halted());
    await pass(world, 25);
    const closed = b.shared.close();
    await pass(world, 100);
    await closed;
    expect(stateOf(b)).toBe('active');
  });
});
