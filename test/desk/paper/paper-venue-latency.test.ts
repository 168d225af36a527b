import { describe, expect, test } from 'vitest';
import { marketable, never, open, order, trade } from './paper-market.ts';

const legs = { entry: 30, cancel: 4, amend: 8, query: 2, report: 10 };

describe('each leg takes its own time', () => {
  test('orders, cancels, changes and questions on their way there, everything on its way back', async () => {
    const { venue, heard, clock, place, amend, cancel, pass } = open({ latencyMsByLeg: legs });
    void place(order('a'));
    await pass(29);
    expect(venue.resting()).toEqual([]);
    await pass(11);
    expect(heard).toEqual(['40 a reply accepted']);
    void amend(order('a', { quantity: '2' }));
    await pass(18);
    void cancel('a');
    await pass(14);
    expect(heard.slice(1)).toEqual(['58 a amend amended', '72 a cancel taken', '72 a cancelled']);
    const start = clock.nowMs();
    const asked = venue.lookup('a', never).then(() => clock.nowMs() - start);
    await pass(12);
    expect(await asked).toBe(12);
  });

  test('a fill takes as long as a report', async () => {
    const { venue, heard, place, pass } = open({ latencyMsByLeg: legs });
    void place(order('a'));
    await pass(40);
    venue.onMarket(trade('sell', 198, 4));
    await pass(9);
    expect(heard).toEqual(['40 a reply accepted']);
    await pass(1);
    expect(heard).toEqual(['40 a reply accepted', '50 a filled']);
  });
});

describe('what belongs to one order never overtakes', () => {
  test('a cancel waits for its order, one of another order does not', async () => {
    const { heard, place, cancel, pass } = open({ latencyMsByLeg: { entry: 30, cancel: 1, report: 10 } });
    void place(order('a'));
    await pass(40);
    void place(order('b'));
    void cancel('b');
    void cancel('a');
    await pass(60);
    expect(heard.slice(1)).toEqual([
      '51 a cancel taken',
      '51 a cancelled',
      '80 b reply accepted',
      '80 b cancel taken',
      '80 b cancelled',
    ]);
  });

  test('the reports of an order come in the order of what happened, however long each takes', async () => {
    const { venue, events, heard, place, pass } = open({
      latencyMsByLeg: { report: { kind: 'empirical', samplesMs: [1, 40, 3, 90] } },
    });
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) void place(order(id, { price: '99', quantity: '10' }));
    await pass(110);
    for (let n = 0; n < 60; n += 1) venue.onMarket(trade('sell', 197, 7)); // below 99: fills the first of them
    await pass(600);
    const made = venue.executions().map(({ executionId }) => executionId);
    const told = events.flatMap((event) => (event.type === 'filled' ? [event.executionId] : []));
    expect(made.length).toBeGreaterThan(60);
    expect([...told].sort()).toEqual([...made].sort());
    for (const id of ids) {
      const of = (all: readonly string[]): readonly string[] => all.filter((one) => one.startsWith(`${id}-`));
      expect(of(told)).toEqual(of(made));
      expect(heard.findIndex((line) => line.endsWith(`${id} reply accepted`))).toBeLessThan(
        heard.findIndex((line) => line.endsWith(`${id} filled`)),
      );
    }
  });

  test('reports of different orders may overtake each other', async () => {
    const { heard, place, pass } = open({
      latencyMsByLeg: { report: { kind: 'empirical', samplesMs: [1, 40] } },
    });
    for (let n = 0; n < 12; n += 1) void place(order(`o${n}`));
    await pass(60);
    const answered = heard.map((line) => line.split(' ')[1]);
    expect(answered).toHaveLength(12);
    expect(answered).not.toEqual(Array.from({ length: 12 }, (_, n) => `o${n}`));
  });
});

test('the seed says how long everything takes', async () => {
  const played = async (seed: number): Promise<readonly string[]> => {
    const { venue, heard, place, pass } = open({
      seed,
      latencyMs: { kind: 'log-normal', medianMs: 10, p99Ms: 60 },
    });
    for (let n = 0; n < 5; n += 1) void place(order(`o${n}`, n === 2 ? marketable : {}));
    await pass(150);
    venue.onMarket(trade('sell', 197, 30));
    await pass(150);
    return heard;
  };
  const first = await played(1);
  expect(first.filter((line) => line.endsWith('filled')).length).toBeGreaterThan(3);
  expect(await played(1)).toEqual(first);
  expect(await played(2)).not.toEqual(first);
});
