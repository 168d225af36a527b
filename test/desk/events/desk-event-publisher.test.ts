import { describe, expect, test } from 'vitest';
import { publishDeskEvents } from '../../../src/desk/events/desk-event-publisher.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { DeskWorld, NOON_MS, ONE_ID, intent, report } from '../../support/desk-world.ts';
import { RecordingBus } from '../support/recording-bus.ts';

async function open() {
  const world = await DeskWorld.open();
  const bus = new RecordingBus(world.clock);
  const metrics = new MetricsRegistry({}, { clock: world.clock });
  const publishing = publishDeskEvents('paper', { desk: world.desk, bus, clock: world.clock, metrics });
  const failures = async () =>
    /trading_bus_publish_failures_total\{publisher="desk"\} (\d+)/.exec(await metrics.exposition())?.[1];
  return { world, bus, publishing, failures };
}

describe('publishDeskEvents', () => {
  test('tells of a denial, as it was asked and why', async () => {
    const { world, bus } = await open();
    await world.drained(world.desk.submit(intent({ accountId: 'nobody' })));
    expect(bus.taken).toEqual([
      {
        specversion: '1.0',
        id: 'bus-1',
        source: '/desk/paper',
        type: 'order.denied',
        dataversion: 1,
        time: new Date(NOON_MS).toISOString(),
        subject: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        partitionkey: 'nobody',
        data: {
          clientOrderId: bus.taken[0]?.subject,
          intentId: 'one',
          accountId: 'nobody',
          strategyId: 'strat',
          instrumentId: 'GOLD',
          side: 'buy',
          quantity: '10',
          denials: [expect.objectContaining({ code: 'ACCOUNT_UNKNOWN' })],
        },
      },
    ]);
  });

  test('an order that goes out is told by the journal, not by this', async () => {
    const { world, bus, publishing } = await open();
    await world.drained(world.desk.submit(intent()));
    await world.drained(world.desk.submit(intent())); // a duplicate
    expect(bus.tried).toEqual([]);
    publishing[Symbol.dispose]();
    await world.drained(world.desk.submit(intent({ accountId: 'nobody' })));
    expect(bus.tried).toEqual([]);
  });

  test('what cannot be said of a broken intent is counted, and the desk does not notice', async () => {
    const { world, bus, failures } = await open();
    const denied = await world.drained(world.desk.submit(intent({ accountId: 7 as never })));
    expect(denied).toMatchObject({ kind: 'denied' });
    const noQuantity = intent({ quantity: 5 as never });
    expect(await world.drained(world.desk.submit(noQuantity))).toMatchObject({ kind: 'denied' });
    await world.turn();
    expect(bus.taken.map(({ data }) => data)).toEqual([
      expect.not.objectContaining({ quantity: expect.anything() as unknown }),
    ]);
    expect(await failures()).toBe('1');
  });

  test('tells of an anomaly, in order with its account', async () => {
    const { world, bus } = await open();
    await world.drained(world.desk.submit(intent()));
    world.driver.fill(ONE_ID, 'x', '11');
    await world.drain();
    world.driver.fill('never-sent', 'y', '1');
    await world.drain();
    const said = bus.taken.filter(({ type }) => type === 'desk.anomaly-raised');
    expect(said[0]).toMatchObject({
      source: '/desk/paper',
      subject: ONE_ID,
      partitionkey: 'acc',
      data: { venue: 'paper', code: 'OVERFILL', clientOrderId: ONE_ID, accountId: 'acc' },
    });
    // Of an order that nobody knows there is no account.
    expect(said.slice(1)).toEqual([
      expect.objectContaining({
        subject: 'never-sent',
        partitionkey: 'paper',
        data: {
          venue: 'paper',
          code: 'ORDER_UNKNOWN',
          clientOrderId: 'never-sent',
          detail: 'the venue tells filled of an order we never sent',
        },
      }),
    ]);
  });

  test('tells of a comparison with the venue, found or failed', async () => {
    const { world, bus } = await open();
    await world.differences();
    world.driver.onOpenOrders = () => Promise.resolve([report({ clientOrderId: 'foreign' })]);
    await world.differences();
    world.driver.onOpenOrders = () => Promise.reject(new Error('down'));
    await world.differences();
    const said = bus.taken.filter(({ type }) => type === 'desk.reconciled');
    expect(said.map(({ subject, data }) => [subject, data])).toEqual([
      ['paper', { venue: 'paper', result: { kind: 'reconciled', differences: [], inDoubt: [] } }],
      [
        'paper',
        {
          venue: 'paper',
          result: {
            kind: 'reconciled',
            differences: [
              {
                code: 'ORDER_FOREIGN',
                settled: false,
                detail: 'order foreign: buy 10 at 100',
                accountId: 'acc',
                instrumentId: 'GOLD',
              },
            ],
            inDoubt: [],
          },
        },
      ],
      [
        'paper',
        { venue: 'paper', result: { kind: 'failed', reason: expect.stringContaining('down') as string } },
      ],
    ]);
  });

  test('a bus that fails is counted, and nobody waits for it', async () => {
    const { world, bus, failures } = await open();
    bus.answer = () => new Error('down');
    await world.drained(world.desk.submit(intent({ accountId: 'nobody' })));
    await world.turn();
    expect([bus.taken, await failures()]).toEqual([[], '1']);
  });
});
