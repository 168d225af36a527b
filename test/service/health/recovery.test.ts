import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { Recovery } from '../../../src/service/health/recovery.ts';

const never = () => new Promise(() => undefined);

function recovery(recover: (signal: AbortSignal) => unknown, random = () => 0) {
  const clock = new ManualClock();
  const ending = new AbortController();
  /** Time and outcome of each try. */
  const tries: [number, unknown][] = [];
  const own = new Recovery(recover, {
    ...{ clock, random, signal: ending.signal },
    onTry: (error) => {
      tries.push([clock.monotonicMs(), error]);
    },
  });
  /** Moves the clock in steps. */
  const pass = async (ms: number, stepMs = 250) => {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      clock.advance(stepMs);
      await clock.turn();
    }
  };
  return { recovery: own, clock, ending, tries, pass };
}

const refused = () => {
  throw new Error('refused');
};
const times = (tries: readonly [number, unknown][]) => tries.map(([atMs]) => atMs);

describe('Recovery', () => {
  test('waits longer and longer, up to half a minute, at the least half of each bound', async () => {
    const { recovery, tries, pass } = recoveryOf(0);
    recovery.begin();
    await pass(90_000);
    const gaps = times(tries).map((atMs, i, all) => atMs - (all[i - 1] ?? 0));
    expect(gaps).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 15_000]);
  });

  test('draws each wait up to its bound', async () => {
    const { recovery, tries, pass } = recoveryOf(1 - 2 ** -32);
    recovery.begin();
    await pass(10_000, 1);
    expect(times(tries)).toEqual([500, 1500, 3500, 7500]);
  });

  test('tells of each try how it ended', async () => {
    let works = false;
    const { recovery: own, tries, pass } = recovery(() => (works ? 'fine' : refused()));
    own.begin();
    await pass(250);
    works = true;
    await pass(500);
    expect(tries).toEqual([
      [250, new Error('refused')],
      [750, undefined],
    ]);
  });

  test('an empty error is one all the same', async () => {
    const {
      recovery: own,
      tries,
      pass,
    } = recovery(() => {
      throw undefined;
    });
    own.begin();
    await pass(250);
    expect(tries).toEqual([[250, new Error('an empty error')]]);
  });

  test('ends when it is told that it is up, and begins with short waits the next time', async () => {
    const { recovery: own, tries, pass, clock } = recovery(refused);
    own.begin();
    await pass(2_000);
    own.end();
    await pass(10_000);
    expect([times(tries), clock.nextDueMs]).toEqual([[250, 750, 1750], Infinity]);
    own.begin();
    await pass(250);
    expect(times(tries).at(-1)).toBe(12_250);
  });

  test('that is begun twice tries once at a time', async () => {
    const { recovery: own, tries, pass } = recovery(refused);
    own.begin();
    own.begin();
    await pass(1_000);
    own.begin();
    await pass(1_000);
    expect(times(tries)).toEqual([250, 750, 1750]);
  });

  test('a try that hangs has failed after half a minute, its signal aborted, and the next one comes', async () => {
    const signals: AbortSignal[] = [];
    const {
      recovery: own,
      tries,
      pass,
    } = recovery((signal) => {
      signals.push(signal);
      return signals.length === 1 ? never() : undefined;
    });
    own.begin();
    await pass(30_000);
    expect([tries, signals[0]?.aborted]).toEqual([[], false]);
    await pass(250);
    expect(tries).toEqual([[30_250, new Error('not over within 30000 ms')]]);
    expect(signals[0]?.aborted).toBe(true);
    await pass(500);
    expect(tries.at(-1)).toEqual([30_750, undefined]);
    expect(signals[1]?.aborted).toBe(false);
  });

  test('the end of the service ends a wait, and a try, within the same turn', async () => {
    const waiting = recovery(refused);
    waiting.recovery.begin();
    waiting.ending.abort();
    await waiting.clock.turn();
    expect([waiting.clock.nextDueMs, waiting.tries]).toEqual([Infinity, []]);

    const signals: AbortSignal[] = [];
    const trying = recovery((signal) => {
      signals.push(signal);
      return never();
    });
    trying.recovery.begin();
    await trying.pass(250);
    trying.ending.abort(new Error('over'));
    await trying.clock.turn();
    expect([signals[0]?.reason, trying.clock.nextDueMs, trying.tries]).toEqual([
      new Error('over'),
      Infinity,
      [],
    ]);
    trying.recovery.begin();
    await trying.pass(60_000, 10_000);
    expect(signals).toHaveLength(1);
  });
});

const recoveryOf = (random: number) => recovery(refused, () => random);
