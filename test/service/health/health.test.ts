import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { Health, type HealthAnswer } from '../../../src/service/index.ts';

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
