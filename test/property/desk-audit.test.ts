import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { AuditLog } from '../../src/audit/index.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import type { JournalRecord } from '../../src/desk/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { DeskWorld, NOON_MS, ONE_ID, intent } from '../support/desk-world.ts';

/*
 * The desk between two disks that are driven by hand. Whatever they do and in whatever order, what reaches the venue is in
 * the logs that it has to be in.
 */

const AUDIT_MS = 1_000;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('enter' as const), quantity: fc.nat({ max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('exit' as const), quantity: fc.nat({ max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('amend' as const), quantity: fc.nat({ max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), at: fc.nat({ max: 5 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('journal' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('audit' as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('audit-fails' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 400, 1_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Decided {
  readonly kind: string;
  readonly details: { readonly clientOrderId?: string; readonly decision: string };
}

/** A desk with a position of 20, one working order to buy 10, and both disks waiting. */
async function open() {
  const clock = new ManualClock(NOON_MS);
  const disk = new ScriptedAppendLog();
  const audit = await AuditLog.open(disk, { clock });
  const world = await DeskWorld.open({
    clock,
    risk: { maxDecisionAgeMs: 60_000 },
    desk: { auditTimeoutMs: AUDIT_MS, reconcileEveryMs: 'never' },
    deps: { audit },
  });
  const both = async <T>(waiting: Promise<T>): Promise<T> => {
    for (let turns = 0; turns < 6; turns += 1) {
      disk.commit();
      await world.drain();
    }
    return waiting;
  };
  await both(world.desk.submit(intent({ intentId: 'position', quantity: '20' })));
  const [position] = world.driver.placed;
  world.driver.fill(position?.clientOrderId ?? '', 'fill', '20');
  await both(world.desk.submit(intent()));
  return { clock, disk, world, both };
}

/** What has reached the venue although it was not where it has to be. */
function watch({ disk, world }: Awaited<ReturnType<typeof open>>): string[] {
  const wrong: string[] = [];
  const isAudited = (kind: string, id: string, times = 1): boolean =>
    disk.durable.filter(({ record }) => {
      const { kind: is, details } = record as unknown as Decided;
      return is === kind && details.clientOrderId === id && /held|changed/.test(details.decision);
    }).length >= times;
  const isJournalled = (type: JournalRecord['type'], id: string): boolean =>
    world.records.some((record) => record.type === type && JSON.stringify(record).includes(id));
  const { driver } = world;
  driver.onPlace = ({ clientOrderId: id, side }) => {
    if (!isJournalled('submitting', id)) wrong.push(`${id} is not in the journal`);
    if (side === 'buy' && !isAudited('order.decided', id)) wrong.push(`${id} is not in the audit log`);
    return Promise.resolve({ status: 'accepted' });
  };
  let larger = 0;
  driver.onAmend = ({ clientOrderId: id, quantity }) => {
    if (!isJournalled('amendRequested', id)) wrong.push(`the change of ${id} is not in the journal`);
    if (Number(quantity) > (world.book.order(id)?.order.qty ?? 0)) {
      larger += 1;
      if (!isAudited('order.change-decided', id, larger)) wrong.push(`the change of ${id} is not audited`);
    }
    return Promise.resolve({ status: 'amended' });
  };
  return wrong;
}

async function run(steps: readonly Step[]) {
  const made = await open();
  const { clock, disk, world, both } = made;
  const wrong = watch(made);
  const outcomes: Promise<unknown>[] = [];
  const ids = [ONE_ID];
  world.desk.onEvent((event) => {
    if (event.kind === 'order') ids.push(event.order.order.clientOrderId);
  });
  let at = 0;
  for (const one of steps) {
    at += 1;
    const intentId = `step-${at}`;
    switch (one.do) {
      case 'enter':
        outcomes.push(world.desk.submit(intent({ intentId, quantity: String(one.quantity + 1) })));
        break;
      case 'exit': {
        const price = { type: 'limit', limit: '101' } as const;
        const quantity = String(one.quantity + 1);
        outcomes.push(
          world.desk.submit(intent({ intentId, side: 'sell', reduceOnly: true, quantity, price })),
        );
        break;
      }
      case 'amend':
        outcomes.push(world.desk.amend(ONE_ID, { quantity: String(one.quantity + 1) }));
        break;
      case 'cancel':
        outcomes.push(world.desk.cancel(ids[one.at % ids.length] ?? ONE_ID));
        break;
      case 'journal':
        world.log.commit(one.count);
        break;
      case 'audit':
        disk.commit(one.count);
        break;
      case 'audit-fails':
        disk.fail();
        break;
      case 'wait':
        clock.advance(one.ms);
    }
    await world.turn();
  }
  clock.advance(AUDIT_MS);
  await both(Promise.all(outcomes));
  return { world, wrong };
}

describe('whatever journal and audit log do', () => {
  test.prop([fc.array(step, { maxLength: 40 })], { numRuns: 150 })(
    'no entry and no larger order reaches the venue before both have it, no exit before the journal has',
    async (steps) => {
      const { wrong } = await run(steps);
      expect(wrong).toEqual([]);
    },
  );

  test.prop([fc.array(step, { maxLength: 40 })], { numRuns: 100 })(
    'every order that is asked for ends, and what is held is what works',
    async (steps) => {
      const { world } = await run(steps);
      const live = [...world.book.liveOrders()];
      const leaves = (side: string): number =>
        live.filter(({ order }) => order.side === side).reduce((sum, one) => sum + one.leaves, 0);
      expect(world.cell()).toEqual({ pos: 20, buy: leaves('buy'), sell: leaves('sell') });
      expect(live.filter(({ state }) => state === 'submitting')).toEqual([]);
    },
  );
});
