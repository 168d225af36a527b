import { describe, expect, test } from 'vitest';
import { type DisturbanceOptions, disturbanceSchema } from '../../src/simulation/disturbance.ts';
import { WindowCursor } from '../../src/simulation/disturbance-windows.ts';

const DAY_MS = 86_400_000;

const cursor = <K extends DisturbanceOptions['kind']>(
  kind: K,
  disturbances: readonly DisturbanceOptions[],
  { instrumentId = 'A', seed = 1, startMs = 0 } = {},
): WindowCursor<K> =>
  new WindowCursor(kind, instrumentId, {
    disturbances: disturbances.map((one) => disturbanceSchema.parse(one)),
    seed,
    startMs,
  });

const crossed = (fromMs: number, durationMs: number | undefined, byTicks = 1): DisturbanceOptions => ({
  kind: 'crossed',
  when: { kind: 'scheduled', fromMs, ...(durationMs === undefined ? {} : { durationMs }) },
  byTicks,
});

const drawn = (perDay: number, meanDurationMs: number): DisturbanceOptions => ({
  kind: 'outage',
  when: { kind: 'drawn', perDay, meanDurationMs },
});

/** The windows that are open at some time of the first days, as they are met. */
const met = (
  windows: WindowCursor<'outage'>,
  days: number,
): { readonly fromMs: number; readonly toMs: number }[] => {
  const seen = new Set<{ readonly fromMs: number; readonly toMs: number }>();
  for (let ms = 0; ms < days * DAY_MS; ms += 1_000) {
    const window = windows.at(ms);
    if (window !== undefined) seen.add(window);
  }
  return [...seen];
};

describe('a scheduled window', () => {
  test('is open from its first millisecond to the one before its end', () => {
    const windows = cursor('crossed', [crossed(100, 50)]);
    expect([99, 100, 149, 150].map((ms) => windows.at(ms)?.fromMs)).toEqual([undefined, 100, 100, undefined]);
  });

  test('without a duration does not end', () => {
    const windows = cursor('crossed', [crossed(100, undefined)]);
    expect(windows.at(1e15)?.toMs).toBe(Infinity);
  });

  test('that nobody looked into is over all the same', () => {
    const windows = cursor('crossed', [crossed(100, 50), crossed(300, 50)]);
    expect(windows.at(250)).toBeUndefined();
    expect(windows.at(300)?.fromMs).toBe(300);
  });

  test('runs to its end before one that began later has what is left, in whatever order they are written', () => {
    const both = [crossed(120, 100, 2), crossed(100, 50, 1)];
    for (const disturbances of [both, both.toReversed()]) {
      const windows = cursor('crossed', disturbances);
      expect([130, 149, 150, 219, 220].map((ms) => windows.at(ms)?.disturbance.byTicks)).toEqual([
        1,
        1,
        2,
        2,
        undefined,
      ]);
    }
  });

  test('strikes the instruments it names, or all', () => {
    const named = { ...crossed(0, 100), instrumentIds: ['A', 'B'] };
    expect(['A', 'B', 'C'].map((instrumentId) => cursor('crossed', [named], { instrumentId }).empty)).toEqual(
      [false, false, true],
    );
    expect(cursor('crossed', [crossed(0, 100)], { instrumentId: 'C' }).empty).toBe(false);
    expect(cursor('stuck', [crossed(0, 100)]).empty).toBe(true);
  });
});

describe('drawn windows', () => {
  test('come as often and last as long as asked, on average, and never overlap', () => {
    const all = met(cursor('outage', [drawn(48, 300_000)]), 60);
    // After each of five minutes on average, half an hour on average passes.
    expect(all.length / 60).toBeGreaterThan(36);
    expect(all.length / 60).toBeLessThan(46);
    const mean = all.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / all.length;
    expect(mean).toBeGreaterThan(280_000);
    expect(mean).toBeLessThan(320_000);
    all.slice(1).forEach(({ fromMs }, i) => expect(fromMs).toBeGreaterThan(all[i]?.toMs ?? NaN));
  });

  test('begin after the start', () => {
    const startMs = 1e12;
    expect(cursor('outage', [drawn(1e4, 1)], { startMs }).at(startMs)).toBeUndefined();
  });

  test('are the same for every instrument, and others for another seed', () => {
    const first = (options: object): number | undefined =>
      met(cursor('outage', [drawn(24, 60_000)], options), 1)[0]?.fromMs;
    expect(first({ instrumentId: 'B' })).toBe(first({ instrumentId: 'A' }));
    expect(first({ seed: 2 })).not.toBe(first({ seed: 1 }));
  });

  test('strike at the same times whoever else is struck by another', () => {
    const crossing = (perDay: number, byTicks: number): DisturbanceOptions => ({
      kind: 'crossed',
      when: { kind: 'drawn', perDay, meanDurationMs: 60_000 },
      byTicks,
    });
    const both = [{ ...crossing(1, 1), instrumentIds: ['A'] }, crossing(200, 2)];
    const [a, b] = ['A', 'B'].map((instrumentId) => {
      const windows = cursor('crossed', both, { instrumentId });
      const seen = new Set<number>();
      for (let ms = 0; ms < DAY_MS; ms += 1_000) {
        const window = windows.at(ms);
        if (window?.disturbance.byTicks === 2) seen.add(window.fromMs);
      }
      return seen;
    });
    expect(a?.size).toBeGreaterThan(100);
    for (const fromMs of a ?? []) expect(b).toContain(fromMs);
  });

  test('stay as they are when another disturbance is added after them', () => {
    const alone = met(cursor('outage', [drawn(24, 60_000)]), 1);
    expect(met(cursor('outage', [drawn(24, 60_000), crossed(0, 1)]), 1)).toEqual(alone);
  });
});

test('what happens in a moment is told once, however long nobody asks', () => {
  const gap = (fromMs: number, jumpFraction: number): DisturbanceOptions => ({
    kind: 'gap',
    when: { kind: 'scheduled', fromMs },
    jumpFraction,
  });
  const gaps = cursor('gap', [gap(100, 0.1), gap(150, 0.2), gap(300, 0.3)]);
  const due = (ms: number): number[] =>
    [...gaps.begun(ms)].map(({ disturbance }) => disturbance.jumpFraction);
  expect([99, 100, 200, 250, 300].map(due)).toEqual([[], [0.1], [0.2], [], [0.3]]);
});
