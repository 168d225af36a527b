import { describe, expect, test } from 'vitest';
import type { JsonValue, SetOptions, SetResult, StateEntry } from '../../../src/storage/index.ts';
import { account, halted, reducing, release } from '../support/kill-switch.ts';
import {
  type Firm,
  KEY,
  type Member,
  SharedStore,
  firm,
  join,
  poll,
  reachOf,
  settled,
} from './support/firm.ts';

const ACC = account('acc');
const states = (...members: Member[]): readonly string[] =>
  members.map(({ killSwitch }) => killSwitch.tradingState());
const reasons = ({ killSwitch }: Member): readonly string[] =>
  killSwitch.records().map(({ reason }) => reason);

/** What is on the own disk. */
const onDisk = async ({ disk }: Member): Promise<unknown> => (await disk.get('kill-switch'))?.value;

const noSpace = (): Promise<never> => Promise.reject(new Error('no space left'));

describe('SharedKillSwitch, a trip that nobody has released', () => {
  /** `a` has tripped the account out of reach, and has found it halted by `b`, who releases that before he can know of more. */
  async function overshadowed(): Promise<{ world: Firm; a: Member; b: Member; reach: SharedStore }> {
    const world = firm({ isPushed: false });
    const reach = reachOf(world);
    const [a, b] = [await join(world, { store: reach }), await join(world)];
    await poll(world);
    reach.isAway = true;
    await b.killSwitch.trip(halted(ACC));
    await settled();
    await a.killSwitch.trip(reducing(ACC));
    await settled();
    // The first write was for what it knew before; with the second it has seen what stands there.
    let write = 0;
    reach.onWrite = async () => {
      write += 1;
      if (write === 2) await b.shared.release(release(ACC));
      if (write < 3) return;
      await settled();
      throw new Error('away again');
    };
    reach.isAway = false;
    await a.shared.look();
    await settled();
    return { world, a, b, reach };
  }

  test('stands again when what was stricter is released by somebody who never knew of it', async () => {
    const { world, a, b, reach } = await overshadowed();
    expect([states(a, b), reasons(a), a.shared.status.unshared]).toEqual([
      ['reducing', 'active'],
      ['drawdown'],
      1,
    ]);
    expect(await onDisk(a)).toMatchObject({ records: [{ state: 'reducing', reason: 'drawdown' }] });
    reach.onWrite = () => undefined;
    await poll(world);
    await poll(world);
    expect([states(a, b), reasons(b)]).toEqual([['reducing', 'reducing'], ['drawdown']]);
    await b.shared.release(release(ACC));
    await poll(world);
    expect(states(a, b)).toEqual(['active', 'active']);
  });

  test('stands also after a restart', async () => {
    const { world, a, b, reach } = await overshadowed();
    await a.shared.close();
    reach.onWrite = () => undefined;
    const again = await join(world, { disk: a.disk, store: reach });
    await poll(world);
    expect(states(again, b)).toEqual(['reducing', 'reducing']);
  });

  test.each(['the same process', 'the one that was started after it'])(
    'stands though it repeated what was released out of its reach: %s',
    async (who) => {
      const world = firm({ isPushed: false });
      const reach = reachOf(world);
      const [a, b] = [await join(world, { store: reach }), await join(world)];
      await b.killSwitch.trip(halted());
      await poll(world);
      reach.isAway = true;
      await poll(world);
      await b.shared.release(release());
      for (let again = 0; again < 3; again += 1) {
        await a.killSwitch.trip(halted());
        await poll(world);
      }
      if (who !== 'the same process') await a.shared.close();
      const now = who === 'the same process' ? a : await join(world, { disk: a.disk, store: reach });
      reach.isAway = false;
      await poll(world);
      await poll(world);
      expect(states(now, b)).toEqual(['halted', 'halted']);
      expect(await world.server.store.get(KEY)).toMatchObject({ value: { trips: [{ state: 'halted' }] } });
      await b.shared.release(release());
      await poll(world);
      expect(states(now, b)).toEqual(['active', 'active']);
    },
  );

  test('keeps its id when it is repeated in step', async () => {
    const world = firm();
    const a = await join(world);
    await a.killSwitch.trip(halted());
    await settled();
    const [{ id } = {}] = a.killSwitch.records();
    await a.killSwitch.trip(reducing());
    await poll(world);
    expect(a.killSwitch.records()).toMatchObject([{ id }]);
    expect(await world.server.store.get(KEY)).toMatchObject({ value: { trips: [{ id }] } });
  });
});

describe('SharedKillSwitch, a release that the own disk refuses', () => {
  test('is tripped anew everywhere, and can be released when the disk takes it', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await settled();
    const { set } = a.disk;
    a.disk.set = noSpace;
    await expect(a.shared.release(release())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await settled();
    expect([states(a, b), reasons(b)]).toEqual([['halted', 'halted'], ['fire']]);
    await poll(world);
    expect(states(a, b)).toEqual(['halted', 'halted']);
    a.disk.set = set;
    world.clock.advance(1_000);
    await settled();
    await a.shared.release(release());
    await settled();
    expect([states(a, b), await onDisk(a)]).toEqual([['active', 'active'], { version: 1, records: [] }]);
  });
});

/** As a server does of which an older backup was restored. */
class RestoredStore extends SharedStore {
  #now: StateEntry | undefined;
  #backup: StateEntry | undefined;

  override get(): Promise<StateEntry | undefined> {
    return Promise.resolve(this.#now);
  }

  override set(key: string, value: JsonValue | object, { ifVersion }: SetOptions = {}): Promise<SetResult> {
    const found = this.#now?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== found)
      return Promise.resolve({ outcome: 'conflict', version: found });
    this.writes += 1;
    const version = found + 1;
    this.#now = {
      key,
      value: JSON.parse(JSON.stringify(value)) as JsonValue,
      version,
      expiresAtMs: undefined,
    };
    return Promise.resolve({ outcome: 'written', version });
  }

  backUp(): void {
    this.#backup = this.#now;
  }

  goBack(): void {
    this.#now = this.#backup;
  }
}

describe('SharedKillSwitch, an entry that went back', () => {
  async function restored() {
    const server = new RestoredStore();
    const world = { ...firm({ isPushed: false }), server };
    const options = { settleMs: 2_000 };
    const a = await join(world, { options });
    for (let round = 0; round < 5; round += 1) await poll(world);
    expect(a.shared.status.link).toBe('in-step');
    server.backUp();
    await a.killSwitch.trip(halted(ACC));
    await a.killSwitch.trip(reducing(account('other')));
    await settled();
    await a.shared.release(release(account('other')));
    await settled();
    server.goBack();
    return { world, server, a, options };
  }

  test('settles as a new one does: who knows of trips and releases writes them first', async () => {
    const { world, server, a, options } = await restored();
    await a.shared.look();
    expect([a.shared.status.link, a.killSwitch.tradingState()]).toEqual(['settling', 'halted']);
    const b = await join(world, { options });
    expect([b.shared.status.link, reasons(b)]).toEqual(['settling', ['fire']]);
    expect(await server.get()).toMatchObject({ value: { isSettling: true, tombstones: [{}] } });
    for (let round = 0; round < 5; round += 1) await poll(world);
    expect([a, b].map(({ shared }) => shared.status.link)).toEqual(['in-step', 'in-step']);
    const { writes } = server;
    for (let round = 0; round < 3; round += 1) await poll(world);
    expect(server.writes).toBe(writes); // it has come to rest
  });

  test('lets only exits pass while that cannot be written', async () => {
    const { world, server, a } = await restored();
    const set = server.set.bind(server);
    server.set = noSpace;
    await poll(world);
    await poll(world);
    expect(a.shared.status.link).toBe('settling');
    server.set = set;
    for (let round = 0; round < 5; round += 1) await poll(world);
    expect(a.shared.status.link).toBe('in-step');
  });
});
