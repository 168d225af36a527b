import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import {
  Health,
  type HealthAnswer,
  type HealthChange,
  type HealthReport,
} from '../../../src/service/index.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';

const START_MS = 1_700_000_000_000;

function healthOn(cacheMs = 1000) {
  const clock = new ManualClock(START_MS);
  return { clock, health: new Health({ cacheMs }, { clock }) };
}

/** A dependency under the test's control. */
function dependency(answer?: HealthAnswer | Error) {
  const self = {
    answer,
    asked: 0,
    probe: () => {
      self.asked += 1;
      if (self.answer instanceof Error) throw self.answer;
      return self.answer;
    },
  };
  return self;
}

describe('Health', () => {
  test('is up without any dependency', async () => {
    expect(await healthOn().health.report()).toEqual({ status: 'up', checks: {} });
  });

  test('reports status, latency, time and last change', async () => {
    const { clock, health } = healthOn();
    health.add('db', () => {
      clock.advance(7);
    });
    expect(await health.report()).toEqual({
      status: 'up',
      checks: {
        db: {
          status: 'up',
          critical: false,
          latencyMs: 7,
          checkedAtMs: START_MS + 7,
          lastChangeMs: START_MS + 7,
        },
      },
    });
  });

  test('a dependency that is not critical degrades, a critical one takes down', async () => {
    const { health } = healthOn();
    health.add('cache', () => 'no connection');
    expect(await health.report()).toMatchObject({ status: 'degraded' });
    expect(await health.criticalDown()).toEqual([]);
    health.add('db', () => 'no connection', { critical: true });
    expect(await health.report()).toMatchObject({ status: 'down' });
    expect(await health.criticalDown()).toEqual(['db']);
  });

  test('readiness asks critical dependencies only', async () => {
    const { health } = healthOn();
    const cache = dependency();
    const db = dependency();
    health.add('cache', cache.probe);
    health.add('db', db.probe, { critical: true });
    await health.criticalDown();
    expect([cache.asked, db.asked]).toEqual([0, 1]);
  });

  test.each([
    [undefined, undefined],
    [true, undefined],
    ['lagging', 'lagging'],
    [false, 'the probe answered false'],
    ['', "the probe answered ''"],
    [null, 'the probe answered null'],
    [0, 'the probe answered 0'],
    [new Error('refused'), 'refused'],
    [new TypeError(''), 'TypeError'],
  ])('the answer %j gives the reason %s', async (answer, reason) => {
    const { health } = healthOn();
    health.add('db', dependency(answer as HealthAnswer | Error).probe);
    const { checks } = await health.report();
    expect(checks['db']?.reason).toBe(reason);
    expect(checks['db']?.status).toBe(reason === undefined ? 'up' : 'down');
  });

  test('what is thrown without being an error, or rejected, is a reason too', async () => {
    const { health } = healthOn();
    health.add('a', () => {
      throw 'plain';
    });
    health.add('b', () => Promise.reject(new Error('later')));
    const { checks } = await health.report();
    expect([checks['a']?.reason, checks['b']?.reason]).toEqual(['plain', 'later']);
  });

  test('a long reason is cut at 200 characters', async () => {
    const { health } = healthOn();
    health.add('a', () => 'x'.repeat(201));
    expect((await health.report()).checks['a']?.reason).toHaveLength(200);
  });

  test('an answer is good until the cache time is over', async () => {
    const { clock, health } = healthOn(1000);
    const db = dependency();
    health.add('db', db.probe);
    await health.report();
    clock.advance(999);
    await health.report();
    expect(db.asked).toBe(1);
    clock.advance(1);
    await health.report();
    expect(db.asked).toBe(2);
  });

  test('a jump of the wall clock changes nothing about that', async () => {
    const { clock, health } = healthOn(1000);
    const db = dependency();
    health.add('db', db.probe);
    await health.report();
    clock.jump(-3_600_000);
    await health.report();
    clock.advance(1000);
    await health.report();
    expect(db.asked).toBe(2);
  });

  test('the last change is when the status turned, not when it was asked', async () => {
    const { clock, health } = healthOn(0);
    const db = dependency();
    health.add('db', db.probe);
    const lastChange = async () => (await health.report()).checks['db']?.lastChangeMs;
    expect(await lastChange()).toBe(START_MS);
    clock.advance(10);
    expect(await lastChange()).toBe(START_MS);
    db.answer = 'gone';
    clock.advance(10);
    expect(await lastChange()).toBe(START_MS + 20);
    clock.advance(10);
    expect(await lastChange()).toBe(START_MS + 20);
  });

  test('many who ask at once share one probe', async () => {
    const { health } = healthOn(0);
    const answer = Promise.withResolvers<undefined>();
    let asked = 0;
    health.add('db', () => {
      asked += 1;
      return answer.promise;
    });
    const reports = [health.report(), health.report(), health.criticalDown()];
    answer.resolve(undefined);
    await Promise.all(reports);
    expect(asked).toBe(1);
  });

  test('one that hangs is down after its time, its signal aborted, and holds up no other', async () => {
    const { clock, health } = healthOn();
    let signal: AbortSignal | undefined;
    health.add(
      'hangs',
      (given) => {
        signal = given;
        return new Promise(() => undefined);
      },
      { timeoutMs: 50 },
    );
    health.add('fine', () => undefined);
    const report = health.report();
    await clock.turn();
    expect(signal?.aborted).toBe(false);
    clock.advance(50);
    expect(await report).toMatchObject({
      status: 'degraded',
      checks: {
        hangs: { status: 'down', latencyMs: 50, reason: 'no answer within 50 ms' },
        fine: { status: 'up' },
      },
    });
    expect(signal?.aborted).toBe(true);
  });

  test('probes that hang for ever do not pile up, and one that returns makes room', async () => {
    const { clock, health } = healthOn(0);
    const hanging: PromiseWithResolvers<undefined>[] = [];
    health.add(
      'hangs',
      () => {
        const probe = Promise.withResolvers<undefined>();
        hanging.push(probe);
        return probe.promise;
      },
      { timeoutMs: 10 },
    );
    const ask = async () => {
      const report = health.report();
      await clock.turn();
      clock.advance(10);
      return (await report).checks['hangs']?.reason;
    };
    for (let i = 0; i < 5; i++) expect(await ask()).toBe('no answer within 10 ms');
    expect(await ask()).toBe('5 earlier probes still hang');
    expect(hanging).toHaveLength(5);
    hanging[0]?.resolve(undefined);
    await clock.turn();
    expect(await ask()).toBe('no answer within 10 ms');
  });

  test('with five that hang it is asked again each 30 s, and comes back by itself', async () => {
    const { clock, health } = healthOn(0);
    let asked = 0;
    let isBack = false;
    const check = (): Promise<undefined> => {
      asked += 1;
      return isBack ? Promise.resolve(undefined) : new Promise(() => undefined);
    };
    health.add('hangs', check, { timeoutMs: 10 });
    const ask = async (tookMs: number) => {
      const report = health.report();
      await clock.turn();
      clock.advance(tookMs);
      return (await report).checks['hangs'];
    };
    for (let i = 0; i < 5; i++) await ask(10);
    clock.advance(29_989); // the last began 10 ms before
    expect(await ask(0)).toMatchObject({ status: 'down', reason: '5 earlier probes still hang' });
    expect(asked).toBe(5);
    clock.advance(1);
    expect(await ask(10)).toMatchObject({ status: 'down', reason: 'no answer within 10 ms' });
    expect(asked).toBe(6);
    expect((await ask(0))?.reason).toBe('5 earlier probes still hang'); // one was forgotten, one came
    isBack = true;
    clock.advance(30_000);
    expect(await ask(0)).toMatchObject({ status: 'up' });
    expect(asked).toBe(7);
    isBack = false;
    expect((await ask(10))?.reason).toBe('no answer within 10 ms'); // that one had settled: there is room
    expect((await ask(0))?.reason).toBe('5 earlier probes still hang');
  });

  test('a late answer does not count', async () => {
    const { clock, health } = healthOn();
    const answer = Promise.withResolvers<undefined>();
    health.add('db', () => answer.promise, { timeoutMs: 10 });
    const report = health.report();
    await clock.turn();
    clock.advance(10);
    await report;
    answer.resolve(undefined);
    await clock.turn();
    expect((await health.report()).status).toBe('degraded');
  });

  test('refuses a name twice, a name that is none, and a misspelt option', () => {
    const { health } = healthOn();
    health.add('db', () => undefined);
    expect(() => {
      health.add('db', () => undefined);
    }).toThrow('health.add: name: "db" is taken, expected another');
    for (const name of ['', '__proto__', 'a b', 'x'.repeat(65)]) {
      expect(() => {
        health.add(name, () => undefined);
      }).toThrow(/health.add: name/);
    }
    expect(() => {
      health.add('x', () => undefined, { critcal: true } as never);
    }).toThrow(/critcal/);
    expect(() => {
      health.add('x', () => undefined, { timeoutMs: 0 });
    }).toThrow(/timeoutMs/);
  });
});

describe('rise and fall', () => {
  const counted = async (failAfter: number, passAfter: number, answers: readonly boolean[]) => {
    const { health } = healthOn(0);
    const db = dependency();
    health.add('db', db.probe, { failAfter, passAfter });
    const seen: string[] = [];
    for (const answer of answers) {
      db.answer = answer;
      seen.push((await health.report()).checks['db']?.status ?? 'none');
    }
    return seen.join(' ');
  };

  test('the first answer counts at once, whatever it is', async () => {
    expect(await counted(3, 3, [true])).toBe('up');
    expect(await counted(3, 3, [false])).toBe('down');
  });

  test('so many failures in a row turn it down, one less does not', async () => {
    expect(await counted(3, 1, [true, false, false, true])).toBe('up up up up');
    expect(await counted(3, 1, [true, false, false, false])).toBe('up up up down');
  });

  test('so many passes in a row turn it up, one less does not', async () => {
    expect(await counted(1, 2, [false, true, false])).toBe('down down down');
    expect(await counted(1, 2, [false, true, true])).toBe('down down up');
  });

  test('an answer in between begins the count again', async () => {
    expect(await counted(2, 2, [true, false, true, false, false])).toBe('up up up up down');
  });

  test('after a turn the count begins again', async () => {
    expect(await counted(2, 2, [true, false, false, true, false, true, true])).toBe(
      'up up down down down down up',
    );
  });

  test('what the last probe found stands there while the status is still up', async () => {
    const { health } = healthOn(0);
    const db = dependency(true);
    health.add('db', db.probe, { failAfter: 2 });
    await health.report();
    db.answer = 'slow';
    expect((await health.report()).checks['db']).toMatchObject({ status: 'up', reason: 'slow' });
  });
});

describe('a dependency with a health of its own', () => {
  const nested = async (answer: HealthReport) => {
    const { health } = healthOn();
    health.add('desk', () => answer, { critical: true });
    return health.report();
  };
  const part = { critical: true, latencyMs: 1, checkedAtMs: START_MS, lastChangeMs: START_MS };

  test('shows its whole report', async () => {
    const checks = { book: { ...part, status: 'up', checks: { day: { ...part, status: 'up' } } } } as const;
    const report = await nested({ status: 'up', checks });
    expect(report.status).toBe('up');
    expect(report.checks['desk']?.checks).toEqual(checks);
  });

  test('that is degraded degrades, and is no reason not to be ready', async () => {
    const report = await nested({ status: 'degraded', checks: { cache: { ...part, status: 'down' } } });
    expect(report.status).toBe('degraded');
    expect(report.checks['desk']).toMatchObject({ status: 'degraded', reason: 'not up: cache' });
  });

  test('that is down is down, with the names of what is', async () => {
    const report = await nested({
      status: 'down',
      checks: {
        a: { ...part, status: 'down' },
        b: { ...part, status: 'up' },
        c: { ...part, status: 'degraded' },
      },
    });
    expect(report.status).toBe('down');
    expect(report.checks['desk']).toMatchObject({ status: 'down', reason: 'not up: a, c' });
  });

  test('from up to degraded and back it needs no second answer', async () => {
    const { health } = healthOn(0);
    const desk = dependency();
    health.add('desk', desk.probe, { failAfter: 3, passAfter: 3 });
    await health.report();
    desk.answer = { status: 'degraded', checks: {} };
    expect((await health.report()).checks['desk']?.status).toBe('degraded');
    desk.answer = true;
    expect((await health.report()).checks['desk']?.status).toBe('up');
  });

  test('of another process: what is not known here is left out', async () => {
    const answer = { status: 'up', checks: {}, service: 'quotes', state: 'ready' };
    const { health } = healthOn();
    health.add('quotes', () => answer as HealthReport);
    expect((await health.report()).checks['quotes']?.checks).toEqual({});
  });

  test.each([
    ['without checks', { status: 'up' }],
    ['with checks that are none', { status: 'up', checks: null }],
    ['with a part that is none', { status: 'up', checks: { a: null } }],
    ['with a part of another shape', { status: 'up', checks: { a: { status: 'up' } } }],
    ['with a status of its own', { status: 'fine', checks: {} }],
  ])('a report %s is down', async (_what, answer) => {
    const { health } = healthOn();
    health.add('desk', () => answer as HealthReport);
    const { checks } = await health.report();
    expect(checks['desk']).toMatchObject({
      status: 'down',
      reason: expect.stringMatching(/^the probe answered /) as string,
    });
  });

  test('what throws when it is looked at is down, and so is an error that cannot be told', async () => {
    const { health } = healthOn();
    // What has a `then` is waited for, so that much is looked at before.
    const get = (_: object, key: string | symbol) => (key === 'then' ? undefined : refuse());
    const trap = new Proxy({}, { get, has: refuse, ownKeys: refuse, getPrototypeOf: refuse });
    health.add('a', () => trap as HealthReport);
    health.add('b', () => {
      throw Object.create(null);
    });
    const round: { status: string; checks: Record<string, unknown> } = { status: 'up', checks: {} };
    round.checks['self'] = { ...part, ...round };
    health.add('c', () => round as HealthReport);
    const { checks } = await health.report();
    const unreadable = { status: 'down', reason: 'the probe answered what cannot be read' };
    expect([checks['a'], checks['c']]).toEqual([
      expect.objectContaining(unreadable),
      expect.objectContaining(unreadable),
    ]);
    expect(checks['b']).toMatchObject({ status: 'down', reason: expect.any(String) as string });
  });
});

const refuse = () => {
  throw new Error('do not look');
};

describe('onReport', () => {
  const listening = () => {
    const { clock, health } = healthOn(0);
    const db = dependency();
    health.add('db', db.probe);
    const changes: HealthChange[] = [];
    const listener = health.onReport((change) => changes.push(change));
    return { clock, health, db, changes, listener };
  };

  test('tells of each probe, with what was known before', async () => {
    const { health, db, changes } = listening();
    await health.report();
    db.answer = 'gone';
    await health.report();
    expect(changes.map(({ name, report, before }) => [name, report.status, before?.status])).toEqual([
      ['db', 'up', undefined],
      ['db', 'down', 'up'],
    ]);
  });

  test('tells nothing of an answer that is still good', async () => {
    const { clock, health } = healthOn(1000);
    const changes: HealthChange[] = [];
    health.add('db', () => true);
    health.onReport((change) => changes.push(change));
    await health.report();
    clock.advance(999);
    await health.report();
    expect(changes).toHaveLength(1);
  });

  test('ends when it is disposed, and each is its own though the listener is the same', async () => {
    const { health } = listening();
    let told = 0;
    const listener = () => {
      told += 1;
    };
    const first = health.onReport(listener);
    health.onReport(listener);
    await health.report();
    expect(told).toBe(2);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await health.report();
    expect(told).toBe(3);
  });

  test('a listener that throws keeps nobody from being told, and the report from nobody', async () => {
    const clock = new ManualClock(START_MS);
    const errors: unknown[] = [];
    const log = { ...silentLogger, error: (...said: unknown[]) => errors.push(said) };
    const health = new Health({}, { clock, log: log });
    health.add('db', () => true);
    health.onReport(refuse);
    const changes: HealthChange[] = [];
    health.onReport((change) => changes.push(change));
    expect((await health.report()).status).toBe('up');
    expect(changes).toHaveLength(1);
    expect(errors).toEqual([
      [{ err: new Error('do not look'), check: 'db' }, 'listener of the health failed'],
    ]);
    const unlogged = new Health({}, { clock });
    unlogged.add('db', () => true);
    unlogged.onReport(refuse);
    expect((await unlogged.report()).status).toBe('up');
  });
});

describe('probe and status', () => {
  test('probe asks one dependency now, though its answer is still good', async () => {
    const { health } = healthOn(1000);
    const db = dependency();
    const cache = dependency();
    health.add('db', db.probe);
    health.add('cache', cache.probe);
    await health.report();
    db.answer = 'gone';
    expect(await health.probe('db')).toMatchObject({ status: 'down', reason: 'gone' });
    expect([db.asked, cache.asked]).toEqual([2, 1]);
    expect((await health.report()).checks['db']?.status).toBe('down');
    expect(await health.probe('none')).toBeUndefined();
  });

  test('status is what was known last: asks nobody, and what was never asked counts as up', async () => {
    const { health } = healthOn(0);
    const db = dependency('gone');
    health.add('db', db.probe, { critical: true });
    expect([health.status, db.asked]).toEqual(['up', 0]);
    await health.report();
    db.answer = true;
    expect([health.status, db.asked]).toEqual(['down', 1]);
    await health.report();
    expect(health.status).toBe('up');
  });
});
