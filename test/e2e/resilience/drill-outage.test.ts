import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import type { SourceOptions } from '../../../src/resilience/index.ts';
import { FaultServer } from '../../../src/testing/index.ts';
import { DrillChild } from './support/drill-child.ts';
import type { OutageCount } from './support/outage-count.ts';

const isLong = process.env['PORTCULLIS_LONG'] === '1';
const OUTAGE_MS = isLong ? 60_000 : 3_000;
const OPEN_MS = 500;
const TIMEOUT_MS = 1_000;
/** For the probe itself, its answer, and a machine that is busy with other things. */
const SLACK_MS = 700;
/** Milliseconds of one core in a second. */
const CPU_MS_PER_SECOND = 100;
/** Within it the breaker has seen more failures than successes, and has opened. */
const ONSET_MS = 5_000;
const clock = new SystemClock();

/** Probes each half second at most, so that a drill has several of them. */
const quick: Partial<SourceOptions> = {
  attemptTimeoutMs: 300,
  timeoutMs: TIMEOUT_MS,
  breaker: { openMs: OPEN_MS, maxOpenMs: OPEN_MS },
};

interface Outage {
  readonly kind: string;
  readonly begin: (server: FaultServer) => void | Promise<void>;
  readonly end: (server: FaultServer) => void | Promise<void>;
}

const FINE = { body: { price: '1.5' } } as const;

const outages: readonly Outage[] = [
  { kind: 'refuses connections', begin: (server) => server.down(), end: (server) => server.up() },
  {
    kind: 'accepts them and says nothing',
    begin: (server) => {
      server.meet('hang');
      server.script({ fault: 'hang', at: 'before-headers' });
    },
    end: (server) => {
      server.meet('none');
      server.script(FINE);
    },
  },
  {
    kind: 'answers 503 at once',
    begin: (server) => {
      server.script({ status: 503 });
    },
    end: (server) => {
      server.script(FINE);
    },
  },
];

let server: FaultServer;
let child: DrillChild | undefined;

beforeEach(async () => {
  server = await FaultServer.listen();
  server.script(FINE);
});

afterEach(async () => {
  await child?.end();
  await server.close();
});

const begin = async (options: Partial<SourceOptions> = quick): Promise<DrillChild> => {
  child = new DrillChild('outage-process.ts', [server.url, JSON.stringify(options)]);
  await expect.poll(() => server.received, { timeout: 20_000 }).toBeGreaterThan(100);
  return child;
};

const circuitOf = async (asking: DrillChild): Promise<string | undefined> =>
  (await asking.ask<OutageCount>()).circuit;

const cpuPerSecond = (from: OutageCount, to: OutageCount): number =>
  ((to.cpuMs - from.cpuMs) / (to.atMs - from.atMs)) * 1_000;

describe.each(outages)(
  'a source that $kind, asked 1,000 times a second',
  ({ begin: breakIt, end: mendIt }) => {
    test('costs less than a tenth of a core, and is asked no more than it was; one probe after its return all is well', async () => {
      const asking = await begin();
      await breakIt(server);
      const before = await asking.ask<OutageCount>();
      await expect.poll(() => circuitOf(asking), { timeout: ONSET_MS, interval: 50 }).toBe('open');
      // Calls that already waited for a slot when it opened are still made; by then the last of them has timed out.
      await clock.sleep(TIMEOUT_MS);
      const onset = await asking.ask<OutageCount>();
      await clock.sleep(OUTAGE_MS);
      const after = await asking.ask<OutageCount>();
      await mendIt(server);
      await clock.sleep(OPEN_MS + SLACK_MS);
      const back = await asking.ask<OutageCount>();
      const last = await asking.ask<OutageCount>({ stop: true });

      const calls = after.calls - before.calls;
      expect(calls / (after.atMs - before.atMs)).toBeGreaterThan(0.9);
      expect(cpuPerSecond(isLong ? before : onset, after)).toBeLessThan(CPU_MS_PER_SECOND);
      expect(after.attempts - before.attempts).toBeLessThanOrEqual(1.2 * calls);
      expect(after.attempts - onset.attempts).toBeLessThan(0.05 * (after.calls - onset.calls));
      expect(back.firstSuccessAfterMs).toBeLessThanOrEqual(after.nextProbeInMs + SLACK_MS);
      expect(last).toMatchObject({ ended: last.calls, circuit: 'closed' });
      // 64 attempts and 1,000 that wait for a slot; 16 connections and the channel to here.
      expect(last.mostWaiting).toBeLessThanOrEqual(1_064);
      expect(last.mostSockets).toBeLessThanOrEqual(32);
      expect(last.rssMb - before.rssMb).toBeLessThan(96);
      expect([await asking.end(), asking.stderr]).toEqual([0, '']);
    });
  },
);

test('without a breaker retries stay within their budget: attempts at or under 1.2 times the calls', async () => {
  const asking = await begin({ ...quick, breaker: false });
  server.script({ status: 503 });
  const before = await asking.ask<OutageCount>();
  await clock.sleep(OUTAGE_MS);
  const after = await asking.ask<OutageCount>();
  const last = await asking.ask<OutageCount>({ stop: true });

  expect((after.attempts - before.attempts) / (after.calls - before.calls)).toBeLessThanOrEqual(1.2);
  // A slow machine makes fewer, as the bulkhead is full there.
  expect(after.attempts - before.attempts).toBeGreaterThan(0.1 * (after.calls - before.calls));
  expect(last.ended).toBe(last.calls);
});

test('an outage that comes and goes: attempts stay at or under 1.2 times the calls, and the last end of it is found', async () => {
  const asking = await begin();
  const before = await asking.ask<OutageCount>();
  for (let round = 0; round < (isLong ? 20 : 3); round += 1) {
    await server.down();
    await clock.sleep(700);
    await server.up();
    await clock.sleep(300);
  }
  const after = await asking.ask<OutageCount>();
  await clock.sleep(OPEN_MS + SLACK_MS);
  const back = await asking.ask<OutageCount>();
  const last = await asking.ask<OutageCount>({ stop: true });

  expect((after.attempts - before.attempts) / (after.calls - before.calls)).toBeLessThanOrEqual(1.2);
  expect(back.firstSuccessAfterMs).toBeLessThanOrEqual(after.nextProbeInMs + SLACK_MS);
  expect(last).toMatchObject({ ended: last.calls, circuit: 'closed' });
  expect(last.mostSockets).toBeLessThanOrEqual(32);
});
