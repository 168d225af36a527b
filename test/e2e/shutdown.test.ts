import { beforeAll, describe, expect, test } from 'vitest';
import { type Round, shutdownRound } from './shutdown-round.ts';

const isLong = process.env['PORTCULLIS_LONG'] === '1';
const ROUNDS = isLong ? 50 : 8;
const DRAIN_DELAY_MS = 500;
const ENDS_WITHIN_MS = 100;
/** A machine that lets everyone wait for longer than that says nothing about the service: the round is made again. */
const MAX_STALL_MS = 100;
const MAX_ATTEMPTS = ROUNDS * 15;

/** In every other round some requests are still at hand when the drain delay is over. */
const slowMs = (round: number): number => (round % 2 === 0 ? 150 : DRAIN_DELAY_MS + 300);

describe('200 clients, 2,000 requests per second, and SIGTERM in the middle', () => {
  const rounds: Round[] = [];

  beforeAll(async () => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS && rounds.length < ROUNDS; attempt += 1) {
      const round = await shutdownRound({
        drainDelayMs: DRAIN_DELAY_MS,
        connections: 200,
        requestsPerSec: 2000,
        signalAfterMs: 400 + 7 * rounds.length,
        slow: { count: 5, ms: slowMs(rounds.length) },
      });
      if (round.stalledMs <= MAX_STALL_MS) rounds.push(round);
    }
  }, 600_000);

  const each = <T>(look: (round: Round) => T): T[] => rounds.map(look);
  const always = <T>(value: T): T[] => Array.from({ length: ROUNDS }, () => value);

  test('no request fails, and each is in the log', () => {
    expect(each(({ failures }) => failures)).toEqual(always([]));
    expect(each(({ logged, answered }) => logged - answered)).toEqual(always(0));
    expect(Math.min(...each(({ answered }) => answered))).toBeGreaterThan(500);
  });

  test('readiness turns 503 before anyone is refused; liveness stays 200 until then', () => {
    expect(each(({ ready }) => ready)).toEqual(always([200, 503]));
    expect(each(({ notReadyMs, refusedMs }) => notReadyMs < refusedMs)).toEqual(always(true));
    expect(each(({ refusedMs }) => refusedMs >= DRAIN_DELAY_MS)).toEqual(always(true));
    expect(each(({ live }) => [...new Set(live)])).toEqual(always([200]));
  });

  test('answers during the stop close their connections', () => {
    expect(each(({ slowClosed }) => slowClosed)).toEqual(always([true, true, true, true, true]));
  });

  test('the process ends with code 0, and nothing was cut', () => {
    expect(each(({ code, report }) => [code, report.forced])).toEqual(always([0, false]));
  });

  test(`it ends ${ENDS_WITHIN_MS} ms after drain delay and last answer at the latest`, () => {
    const late = each(
      ({ endedMs, lastAnswerMs, stalledMs, starvedMs }) =>
        endedMs - Math.max(DRAIN_DELAY_MS, lastAnswerMs) - ENDS_WITHIN_MS - stalledMs - starvedMs,
    );
    expect(late.filter((ms) => !(ms <= 0))).toEqual([]);
    // The half of them in which requests were at hand for longer than the delay.
    const longer = rounds.filter(({ lastAnswerMs }) => lastAnswerMs > DRAIN_DELAY_MS);
    expect(longer).toHaveLength(Math.floor(ROUNDS / 2));
  });
});
