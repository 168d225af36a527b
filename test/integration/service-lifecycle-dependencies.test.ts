import { describe, expect, test } from 'vitest';
import type { DependencyOptions, HealthAnswer, StartContext } from '../../src/service/index.ts';
import { never, over, pass, probe } from './service-lifecycle-probe.ts';

/** A service with one dependency, whose answer the test changes. */
async function depending(
  first: HealthAnswer | (() => HealthAnswer | Promise<HealthAnswer>) = true,
  options: DependencyOptions = {},
) {
  const db = { answer: first, close: () => undefined };
  const check = () => (typeof db.answer === 'function' ? db.answer() : db.answer);
  const around = probe({
    onStart: ({ use }: StartContext) => void use('db', db, { check, ...options }),
    routes: (app) => void app.get('/quote', () => '1.5'),
  });
  await around.service.start();
  /** Status of /live and /ready. */
  const probes = async () => [await around.ask('/live'), await around.ask('/ready')];
  return { ...around, db, probes };
}

const ALIVE = 200;
const lies: [string, () => unknown][] = [
  ['a report without checks', () => ({ status: 'up', checks: null })],
  ['a report with a state of its own', () => ({ status: 'fine', checks: {} })],
  ['a report whose checks are none', () => ({ status: 'up', checks: { a: null } })],
  ['a number', () => 0],
  ['a thing that throws when it is looked at', () => new Proxy({}, { get: () => JSON.parse('{') as never })],
  [
    'an error without a text',
    () => {
      throw Object.assign(new Error('no'), { message: { toString: null } });
    },
  ],
  [
    'what is no error',
    () => {
      throw Object.create(null);
    },
  ],
];

describe('a dependency of a service', () => {
  test('that hangs leaves /live alone, and takes /ready down after failAfter answers', async () => {
    const { db, clock, probes, service } = await depending(true, { failAfter: 3, timeoutMs: 1000 });
    db.answer = never;
    await pass(clock, 11_000); // asked each five seconds: twice so far
    expect([await over(clock, probes()), service.state]).toEqual([[ALIVE, 200], 'ready']);
    await pass(clock, 5_000);
    expect([await over(clock, probes()), service.state]).toEqual([[ALIVE, 503], 'degraded']);
    db.answer = true;
    await pass(clock, 10_000);
    expect([await probes(), service.state]).toEqual([[ALIVE, 200], 'ready']);
  });

  test('that flaps changes nothing', async () => {
    let asked = 0;
    const flap = () => (asked += 1) % 3 === 0;
    const { clock, probes, service, lines } = await depending(true, { failAfter: 3 });
    const flapping = await depending(flap as never, { failAfter: 3, passAfter: 2 }).catch(() => undefined);
    expect(flapping?.service.state).toBe('degraded'); // the first answer counts at once
    await pass(clock, 60_000);
    expect([await probes(), service.state]).toEqual([[ALIVE, 200], 'ready']);
    expect(lines.filter(({ msg }) => msg === 'dependency')).toEqual([]);
    if (flapping === undefined) return;
    await pass(flapping.clock, 120_000);
    expect(asked).toBeGreaterThan(20);
    expect([await flapping.probes(), flapping.service.state]).toEqual([[ALIVE, 503], 'degraded']);
    expect(flapping.lines.filter(({ msg }) => msg === 'dependency')).toHaveLength(1);
  });

  test.each(lies)('that gives %s is down like any other, and the service goes on', async (_what, lie) => {
    const { db, clock, probes, ask, service, lines } = await depending();
    db.answer = lie as never;
    await pass(clock, 16_000);
    expect([await probes(), service.state]).toEqual([[ALIVE, 503], 'degraded']);
    expect([await ask('/health'), await ask('/quote')]).toEqual([503, 200]);
    expect(lines.some(({ msg }) => msg === 'nobody caught this: stopping')).toBe(false);
  });

  test('that is not critical degrades the service, which stays ready', async () => {
    const { db, clock, probes, service, ask } = await depending(true, { critical: false });
    db.answer = 'gone';
    await pass(clock, 16_000);
    expect([await probes(), service.state, await ask('/health')]).toEqual([[ALIVE, 200], 'degraded', 200]);
  });

  test('shows by name in /ready and in the log', async () => {
    const { db, clock, service, lines } = await depending();
    db.answer = 'gone';
    await pass(clock, 16_000);
    expect((await service.inject({ url: '/ready' })).json()).toEqual({
      status: 'not ready',
      state: 'degraded',
      down: ['db'],
    });
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ msg: 'dependency', dependency: 'db', status: 'down', reason: 'gone' }),
      expect.objectContaining({ msg: 'state', state: 'degraded' }),
    ]);
    db.answer = true;
    await pass(clock, 10_000);
    expect(lines.slice(-2)).toEqual([
      expect.objectContaining({ level: 'info', msg: 'dependency', dependency: 'db', status: 'up' }),
      expect.objectContaining({ level: 'info', msg: 'state', state: 'ready' }),
    ]);
  });

  test('is brought back while it is down, and found up at once', async () => {
    const tries: number[] = [];
    const { db, clock, service, probes } = await depending(true, {
      failAfter: 1,
      passAfter: 1,
      recover: () => {
        tries.push(clock.monotonicMs());
        db.answer = true;
      },
    });
    db.answer = 'gone';
    await pass(clock, 5_000, 250);
    expect([service.state, tries]).toEqual(['degraded', []]);
    await pass(clock, 500, 125);
    expect([await probes(), service.state, tries]).toEqual([[ALIVE, 200], 'ready', [5375]]);
  });

  test('is not brought back any more once the service stops', async () => {
    let tries = 0;
    const recover = () => {
      tries += 1;
      throw new Error('still gone');
    };
    const { db, clock, service } = await depending(true, { failAfter: 1, recover });
    db.answer = 'gone';
    await pass(clock, 7_000);
    expect(tries).toBeGreaterThan(0);
    const before = tries;
    await service.stop();
    await pass(clock, 60_000, 5_000);
    expect([tries, clock.nextDueMs]).toEqual([before, Infinity]);
  });
});

test('a listener of the health that throws ends no service', async () => {
  const { service, clock, lines, ask } = probe({
    onStart: ({ use }) => void use('db', {}, { check: () => true }),
  });
  service.health.onReport(() => {
    throw new Error('mine');
  });
  await service.start();
  await pass(clock, 6_000);
  expect([service.state, await ask('/health')]).toEqual(['ready', 200]);
  expect(lines.at(-1)).toMatchObject({ level: 'error', msg: 'listener of the health failed', check: 'db' });
});
