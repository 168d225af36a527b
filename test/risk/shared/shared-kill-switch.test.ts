import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import {
  SharedKillSwitch,
  SharedKillSwitchMetrics,
  type SharedKillSwitchOptions,
} from '../../../src/risk/index.ts';
import { pricedOf } from '../../support/orders.ts';
import { ANN, BOB, account, halted, kinds, recordOf, reducing, release } from '../support/kill-switch.ts';
import { type Member, SharedStore, firm, join, poll, settled } from './support/firm.ts';

const ID = expect.any(String) as string;
const states = (...members: Member[]): readonly string[] =>
  members.map(({ killSwitch }) => killSwitch.tradingState());

describe('SharedKillSwitch, trips', () => {
  test('a trip counts here at once and, announced, in the others with its own reason, author, time and cancels', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    void a.killSwitch.trip(halted());
    expect(states(a, b)).toEqual(['halted', 'active']);
    world.clock.advance(7);
    await settled();
    const record = { ...recordOf(halted()), id: ID };
    expect([b.killSwitch.records(), b.calls, b.changes]).toEqual([
      [record],
      [[{ kind: 'firm' }, 'all']],
      [{ kind: 'tripped', record }],
    ]);
  });

  test('without an announcement it is found by looking', async () => {
    const world = firm({ isPushed: false });
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(reducing(account('acc')));
    await settled();
    expect(states(a, b)).toEqual(['reducing', 'active']);
    await poll(world);
    expect(states(a, b)).toEqual(['reducing', 'reducing']);
    expect(b.shared.status).toMatchObject({ link: 'in-step', pushes: 0, polls: 1 });
  });

  test('two at the same time both stand, the stricter everywhere', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    void a.killSwitch.trip(reducing());
    void b.killSwitch.trip(halted());
    await settled();
    expect(states(a, b)).toEqual(['halted', 'halted']);
    await a.shared.release(release());
    await settled();
    expect(states(a, b)).toEqual(['active', 'active']);
  });

  test('nobody trips because of what came from himself: the entry comes to rest', async () => {
    const world = firm();
    const members = [await join(world), await join(world), await join(world)];
    for (const { killSwitch } of members) void killSwitch.trip(halted());
    await settled();
    const before = world.server.writes;
    for (let round = 0; round < 5; round += 1) await poll(world);
    expect([world.server.writes - before, members.map(({ changes }) => kinds(changes))]).toEqual([
      0,
      [['tripped'], ['tripped'], ['tripped']],
    ]);
  });

  test('made while the store is away, they are shared when it is back', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    world.server.isAway = true;
    await a.killSwitch.trip(halted());
    await poll(world);
    expect([states(a, b), a.shared.status.unshared]).toEqual([['halted', 'active'], 1]);
    world.server.isAway = false;
    await poll(world);
    expect([states(a, b), a.shared.status.unshared]).toEqual([['halted', 'halted'], 0]);
  });

  test('somebody else who is faster costs a second attempt, and loses nothing', async () => {
    const world = firm({ isPushed: false });
    const own = new SharedStore();
    (own as { store: unknown }).store = world.server.store;
    const [a, b] = [await join(world, { store: own }), await join(world)];
    let isFirst = true;
    own.onWrite = async () => {
      if (!isFirst) return;
      isFirst = false;
      await b.killSwitch.trip(reducing(account('b')));
      await b.shared.look();
    };
    await a.killSwitch.trip(halted(account('a')));
    await poll(world);
    await poll(world);
    expect([a.shared.status.conflicts, a.killSwitch.records().length, b.killSwitch.records().length]).toEqual(
      [1, 2, 2],
    );
  });

  test('restraints stay where they are', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    a.killSwitch.restrain({ scope: { kind: 'firm' }, to: 'reducing', reason: 'lost', by: ANN });
    await poll(world);
    expect(states(a, b)).toEqual(['reducing', 'active']);
  });

  test('one of before it was shared is shared with the rest', async () => {
    const world = firm();
    const a = await join(world);
    await a.killSwitch.trip(halted());
    await a.shared.close();
    await world.server.lose();
    const b = await join(world);
    const again = await join(world, { disk: a.disk });
    await poll(world);
    expect(states(again, b)).toEqual(['halted', 'halted']);
  });
});

describe('SharedKillSwitch, releases', () => {
  test('reach everyone, with who and why', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await settled();
    await b.shared.release(release());
    await settled();
    expect(states(a, b)).toEqual(['active', 'active']);
    const released = {
      kind: 'released',
      record: { ...recordOf(halted()), id: ID },
      reason: 'checked',
      by: ANN,
    };
    expect([a.changes.at(-1), b.changes.at(-1)]).toEqual([released, released]);
  });

  test('reach one that was down: the tombstone counts at a restart', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await settled();
    await b.shared.close();
    await a.shared.release(release());
    const again = await join(world, { disk: b.disk });
    expect([states(a, again), again.killSwitch.records()]).toEqual([['active', 'active'], []]);
    const once = await join(world, { disk: b.disk });
    expect(once.killSwitch.records()).toEqual([]);
  });

  test('leave what was tripped again meanwhile', async () => {
    const world = firm({ isPushed: false });
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await poll(world);
    // The same again, which the others do not know yet.
    await a.killSwitch.trip(halted());
    await b.shared.release(release());
    expect(states(a, b)).toEqual(['halted', 'active']);
    await poll(world);
    await poll(world);
    expect(states(a, b)).toEqual(['halted', 'halted']);
  });

  test('are refused while there is a trip that this process has not seen', async () => {
    const world = firm({ isPushed: false });
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(reducing());
    await poll(world);
    await a.shared.release(release());
    await a.killSwitch.trip(halted());
    await a.shared.look();
    await expect(b.shared.release(release())).rejects.toMatchObject({
      code: 'RELEASE_REFUSED',
      message: 'release firm: tripped again meanwhile: fire',
    });
    expect(states(a, b)).toEqual(['halted', 'halted']);
  });

  test('follow the rules of the switch: a person, the scope typed out, a second person, the cool-down', async () => {
    const world = firm();
    const a = await join(world, { killSwitchOptions: { secondPerson: true, coolDownMs: 1_000 } });
    await expect(a.shared.release(release())).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    await a.killSwitch.trip(halted());
    const second = { ...release(), second: BOB };
    await expect(a.shared.release(second)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    world.clock.advance(1_000);
    await expect(a.shared.release(release())).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    await expect(a.shared.release({ ...second, reason: '' })).rejects.toMatchObject({
      code: 'PRINCIPAL_REQUIRED',
    });
    await a.shared.release(second);
    expect([states(a), a.changes.at(-1)]).toEqual([['active'], expect.objectContaining({ second: BOB })]);
  });

  test('fail while the store is away, and nothing is released then', async () => {
    const world = firm();
    const a = await join(world);
    await a.killSwitch.trip(halted());
    await settled();
    world.server.isAway = true;
    await expect(a.shared.release(release())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    world.server.isAway = false;
    await poll(world);
    expect(states(a)).toEqual(['halted']);
  });

  test('of which nobody can say whether they were written: what was tripped is tripped anew', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await settled();
    world.server.failsAfterWrite = true;
    await expect(a.shared.release(release())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    world.server.failsAfterWrite = false;
    await poll(world);
    await poll(world);
    expect(states(a, b)).toEqual(['halted', 'halted']);
    await a.shared.release(release());
    await settled();
    expect(states(a, b)).toEqual(['active', 'active']);
  });

  test('made at one switch past the others come to nothing', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await settled();
    await b.killSwitch.release(release());
    await poll(world);
    expect(states(a, b)).toEqual(['halted', 'halted']);
  });

  test('whose tombstone is gone do not reach who was down: it is tripped again', async () => {
    const world = firm();
    const options = { maxTombstones: 1 };
    const [a, b] = [await join(world, { options }), await join(world, { options })];
    await a.killSwitch.trip(halted());
    await settled();
    await b.shared.close();
    await a.shared.release(release());
    await a.killSwitch.trip(halted(account('x')));
    await settled();
    await a.shared.release(release(account('x')));
    const again = await join(world, { disk: b.disk });
    await settled();
    expect(states(a, again)).toEqual(['halted', 'halted']);
  });
});

describe('SharedKillSwitch, what nobody can say', () => {
  test('only exits pass until the entry was seen, and say why', async () => {
    const world = firm();
    world.server.isAway = true;
    const a = await join(world);
    expect([states(a), a.shared.health(), a.shared.status.link]).toEqual([
      ['reducing'],
      'what others have tripped has not been seen yet: the server is away',
      'unseen',
    ]);
    world.server.isAway = false;
    await poll(world);
    expect([states(a), a.shared.health()]).toEqual([['active'], true]);
  });

  test('up to maxAgeMs after the last look everything passes, a moment later only exits', async () => {
    const world = firm();
    const a = await join(world);
    world.server.isAway = true;
    world.clock.advance(3_000);
    await settled();
    expect([states(a), a.shared.status]).toEqual([
      ['active'],
      expect.objectContaining({ link: 'in-step', ageMs: 3_000 }),
    ]);
    world.clock.advance(1);
    expect([states(a), a.killSwitch.whyRestricted(pricedOf()), kinds(a.changes)]).toEqual([
      ['reducing'],
      'firm: what others have tripped has not been confirmed for more than 3000 ms: the server is away',
      [],
    ]);
    await poll(world);
    expect(kinds(a.changes)).toEqual(['restrained']);
  });

  test('a server that does not answer is given up, and asked again', async () => {
    const world = firm();
    const a = await join(world);
    world.server.hangs = true;
    for (let round = 0; round < 8; round += 1) await poll(world);
    expect(a.shared.status).toMatchObject({ link: 'stale', error: { code: 'STORE_UNAVAILABLE' } });
    world.server.hangs = false;
    for (let round = 0; round < 4; round += 1) await poll(world);
    expect(a.shared.status.link).toBe('in-step');
  });

  test('an entry that is gone is not taken for nothing tripped: all write what they know, trips and releases', async () => {
    const world = firm();
    const [a, b] = [await join(world), await join(world)];
    await a.killSwitch.trip(halted());
    await a.killSwitch.trip(reducing(account('acc')));
    await settled();
    await b.shared.close();
    await a.shared.release(release());
    await world.server.lose();
    await poll(world);
    expect([states(a), a.killSwitch.records()]).toEqual([
      ['reducing'],
      [{ ...recordOf(reducing(account('acc'))), id: ID }],
    ]);
    const again = await join(world, { disk: b.disk });
    expect(again.killSwitch.records()).toEqual([{ ...recordOf(reducing(account('acc'))), id: ID }]);
  });

  test('while a new entry settles only exits pass, everywhere, however late one joins', async () => {
    const world = firm();
    const options = { settleMs: 2_000 };
    const a = await join(world, { options });
    expect([states(a), a.shared.status.link]).toEqual([['reducing'], 'settling']);
    world.clock.advance(1_500);
    await settled();
    const b = await join(world, { options });
    expect(states(b)).toEqual(['reducing']);
    await poll(world);
    expect(states(a, b)).toEqual(['active', 'active']);
  });

  test.each([
    ['damaged', { version: 1, trips: 'none' }, 'INPUT_INVALID'],
    ['of a newer version', { version: 2, trips: [] }, 'FORMAT_UNSUPPORTED'],
  ])('an entry that is %s lets only exits pass, and stays as it is', async (_, value, code) => {
    const world = firm();
    const a = await join(world);
    await world.server.put(value);
    await a.killSwitch.trip(reducing(account('acc')));
    await poll(world);
    expect([states(a), a.killSwitch.tradingState(pricedOf()), a.shared.status]).toEqual([
      ['reducing'],
      'reducing',
      expect.objectContaining({ link: 'unreadable', error: expect.objectContaining({ code }) as Error }),
    ]);
    expect(await world.server.store.get('shared-kill-switch')).toMatchObject({ value });
    await world.server.lose();
    await poll(world);
    expect(a.shared.status.link).toBe('in-step');
  });

  test('closing loosens nothing: what was last seen grows old', async () => {
    const world = firm();
    const a = await join(world);
    await a.shared.close();
    world.clock.advance(3_001);
    expect(states(a)).toEqual(['reducing']);
  });
});

describe('SharedKillSwitch, options and metrics', () => {
  test.each([
    [{ pollMs: 1_001 }, 'pollMs'],
    [{ pollMs: 500, maxAgeMs: 500 }, 'maxAgeMs'],
    [{ pollEveryMs: 1 }, 'pollEveryMs'],
  ])('refuses %o by name', async (options, name) => {
    const { killSwitch, disk } = await join(firm());
    const deps = { killSwitch, store: disk, clock: firm().clock };
    await expect(SharedKillSwitch.open(deps, options as SharedKillSwitchOptions)).rejects.toThrow(name);
  });

  test('shows how it stands', async () => {
    const world = firm();
    const a = await join(world);
    const metrics = new MetricsRegistry({}, { clock: world.clock });
    using _shown = new SharedKillSwitchMetrics({ metrics, shared: a.shared });
    world.clock.advance(100);
    const text = await metrics.exposition();
    expect(text).toContain('trading_shared_kill_switch_age_seconds 0.1');
    expect(text).toContain('trading_shared_kill_switch_link{state="in-step"} 1');
    expect(text).toContain('trading_shared_kill_switch_unshared 0');
  });
});
