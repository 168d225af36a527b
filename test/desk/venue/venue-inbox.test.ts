import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../../src/core/index.ts';
import { type InboxDesk, takeIn } from '../../../src/desk/venue/venue-inbox.ts';
import { DeskWorld, NOON_MS, ONE_ID, intent } from '../../support/desk-world.ts';

/** An inbox over a Book with one working order, and all that it did. */
async function inbox(overrides: Partial<InboxDesk> = {}) {
  const world = await DeskWorld.open();
  await world.drained(world.desk.submit(intent()));
  const did: unknown[] = [];
  const desk: InboxDesk = {
    book: world.book,
    clock: world.clock,
    isUnsent: () => false,
    record: (event) => {
      did.push(event);
      return Promise.resolve(true);
    },
    anomaly: (anomaly) => void did.push(anomaly),
    revive: () => undefined,
    catchUp: () => void did.push('catch up'),
    lost: (reason) => void did.push(`lost: ${reason}`),
    regained: () => void did.push('regained'),
    ...overrides,
  };
  return { take: takeIn.bind(undefined, desk), did, world };
}

const about = { clientOrderId: ONE_ID };

describe('an event of an order of ours', () => {
  test('is recorded', async () => {
    const { take, did } = await inbox();
    take({ type: 'cancelled', ...about, cumulative: '4' });
    expect(did).toEqual([{ type: 'cancelled', ...about, atMs: NOON_MS, cumulative: 4 }]);
  });

  test('amended: what the order is now, on the grid', async () => {
    const { take, did } = await inbox();
    take({ type: 'amended', ...about, quantity: '12', price: '101' });
    expect(did).toEqual([{ type: 'amended', ...about, atMs: NOON_MS, qty: lots(12), worst: ticks(101) }]);
  });

  test.for([
    { quantity: '0', price: '100' },
    { quantity: '1.5', price: '100' },
    { quantity: '10', price: '0' },
    { quantity: '10', price: '100.5' },
    { quantity: '10' },
  ])('amended to %o makes no sense', async (terms) => {
    const { take, did } = await inbox();
    take({ type: 'amended', ...about, ...terms });
    expect(did).toMatchObject([{ code: 'REPORT_INVALID', ...about }]);
  });

  test('that makes no sense is told as such', async () => {
    const { take, did } = await inbox();
    take({ type: 'filled', ...about });
    expect(did).toMatchObject([{ code: 'REPORT_INVALID', ...about }]);
  });

  test('that has not been sent is of an order that the venue cannot know', async () => {
    const { take, did } = await inbox({ isUnsent: () => true });
    take({ type: 'accepted', ...about });
    expect(did).toEqual([
      { code: 'ORDER_UNKNOWN', ...about, detail: 'the venue tells accepted of an order we never sent' },
    ]);
  });
});

describe('an event of an order that is not in memory', () => {
  const theirs = { type: 'filled', clientOrderId: 'theirs' };

  test('is an anomaly; a fill is looked for in the list of fills', async () => {
    const { take, did } = await inbox();
    take(theirs);
    take({ ...theirs, type: 'accepted' });
    expect(did).toMatchObject([
      { code: 'ORDER_UNKNOWN', clientOrderId: 'theirs' },
      'catch up',
      { code: 'ORDER_UNKNOWN', clientOrderId: 'theirs' },
    ]);
  });

  test('is recorded once the order has been brought back', async () => {
    const { take, did, world } = await inbox({
      isUnsent: () => revived.isLate,
      revive: () => {
        revived.isLate = false;
        return Promise.resolve(true);
      },
    });
    const revived = { isLate: true };
    take({ type: 'expired', ...about, cumulative: '0' });
    await world.turn();
    expect(did).toMatchObject([{ type: 'expired', ...about }]);
  });

  test.for([
    ['there never was one', () => Promise.resolve(false)],
    ['nobody can say', () => Promise.reject(new Error('disk'))],
  ] as const)('is an anomaly when %s', async ([, revive]) => {
    const { take, did, world } = await inbox({ revive });
    take(theirs);
    await world.turn();
    expect(did).toMatchObject([{ code: 'ORDER_UNKNOWN', clientOrderId: 'theirs' }, 'catch up']);
  });
});

describe('the connection', () => {
  test.for([
    [{ type: 'disconnected', reason: 'closed' }, 'lost: closed'],
    [{ type: 'disconnected' }, 'lost: no reason given'],
    [{ type: 'disconnected', reason: 7 }, 'lost: no reason given'],
    [{ type: 'connected' }, 'regained'],
  ])('%o', async ([event, what]) => {
    const { take, did } = await inbox();
    take(event);
    expect(did).toEqual([what]);
  });
});

test.for([undefined, null, 7, 'filled', [], {}, { type: 'filled' }, { type: 7, clientOrderId: 7 }])(
  'whatever it is told, it never throws: %o',
  async (nonsense) => {
    const { take, did } = await inbox();
    take(nonsense);
    expect(did[0]).toMatchObject({ code: 'ORDER_UNKNOWN', clientOrderId: '(none)' });
  },
);
