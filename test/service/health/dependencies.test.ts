import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { type DependencyOptions, Health, type HealthAnswer } from '../../../src/service/index.ts';
import { Dependencies } from '../../../src/service/health/dependencies.ts';
import { createLogger, MetricsRegistry } from '../../../src/telemetry/index.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function world() {
  const clock = new ManualClock();
  const lines: Line[] = [];
  const log = createLogger(
    { name: 'test' },
    { clock, destination: { write: (line: string) => lines.push(JSON.parse(line) as Line) } },
  );
  const health = new Health({ cacheMs: 0 }, { clock, log });
  const metrics = new MetricsRegistry();
  const ending = new AbortController();
  const dependencies = new Dependencies({
    ...{ health, clock, log, metrics },
    random: () => 0,
    signal: ending.signal,
  });
  /** Lines of the exposition about dependencies. */
  const shown = async () =>
    (await metrics.exposition())
      .split('\n')
      .filter((line) => line.startsWith('service_dependency') && !line.includes('_duration_'));
  return { clock, lines, health, metrics, dependencies, ending, shown };
}

/** A dependency called `db` whose answer the test changes, asked as often as it likes. */
function watched(options: DependencyOptions = {}) {
  const around = world();
  const db: { answer: HealthAnswer } = { answer: true };
  around.dependencies.use('db', db, { check: () => db.answer, ...options });
  const ask = async (answer: HealthAnswer, times = 1) => {
    db.answer = answer;
    for (let i = 0; i < times; i += 1) await around.health.report();
    return around.health.status;
  };
  return { ...around, db, ask };
}

describe('use', () => {
  test('gives back what it takes over', () => {
    const db = { close: () => undefined };
    expect(world().dependencies.use('db', db)).toBe(db);
  });

  test('watches nothing without a check', async () => {
    const { dependencies, health } = world();
    dependencies.use('db', { close: () => undefined });
    expect(await health.report()).toEqual({ status: 'up', checks: {} });
  });

  test('is critical unless told otherwise; three failures in a row turn it down, two passes up', async () => {
    const { ask, health } = watched();
    expect(await ask(true)).toBe('up');
    expect(await ask('gone', 2)).toBe('up');
    expect(await ask('gone')).toBe('down');
    expect(await health.criticalDown()).toEqual(['db']);
    expect(await ask(true)).toBe('down');
    expect(await ask(true)).toBe('up');
  });

  test('that is not critical only degrades', async () => {
    const { ask } = watched({ critical: false, failAfter: 1 });
    await ask(true);
    expect(await ask('gone')).toBe('degraded');
  });

  test.each([
    ['a name twice, though nothing is watched', 'db', {}, 'use: name: "db" is taken, expected another'],
    ['a name that is none', 'a b', {}, /use: name/],
    ['a misspelt option', 'x', { critcal: true }, /critcal/],
    ['recovery without a check', 'x', { recover: () => 1 }, 'use: x: recover: expected a check as well'],
  ])('refuses %s', (_what, name, options, message) => {
    const { dependencies } = world();
    dependencies.use('db', {});
    expect(() => dependencies.use(name, {}, options as DependencyOptions)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: (typeof message === 'string'
          ? message
          : expect.stringMatching(message)) as unknown as string,
      }),
    );
  });

  test('refuses a name that a check of the health has', () => {
    const { dependencies, health } = world();
    health.add('db', () => true);
    expect(() => dependencies.use('db', {}, { check: () => true })).toThrow(/"db" is taken/);
  });
});

describe('what is to be closed', () => {
  const closing = (dependency: unknown, options: DependencyOptions = {}) => {
    const { dependencies } = world();
    dependencies.use('db', dependency, options);
    return dependencies.takeOpen();
  };

  test.each(['close', 'stop', 'destroy', Symbol.asyncDispose, Symbol.dispose])(
    'is closed with its own %s',
    async (key) => {
      const closed: unknown[] = [];
      const db = {
        [key](this: unknown) {
          closed.push(this);
          return Promise.resolve('closed');
        },
      };
      const [open] = closing(db);
      expect([open?.name, await open?.close()]).toEqual(['db', 'closed']);
      expect(closed).toEqual([db]);
    },
  );

  test('the first that it has counts, and `close` of the options before them', () => {
    const closed: string[] = [];
    const db = { stop: () => closed.push('stop'), close: () => closed.push('close') };
    closing(db)[0]?.close();
    closing(db, { close: () => closed.push('option') })[0]?.close();
    expect(closed).toEqual(['close', 'option']);
  });

  test('one that is set later counts as well', () => {
    const closed: string[] = [];
    const db = { close: () => closed.push('first') };
    const [open] = closing(db);
    db.close = () => closed.push('second');
    open?.close();
    expect(closed).toEqual(['second']);
  });

  test.each([undefined, null, 'text', 5, {}, { close: true }])('%j is not closed at all', (db) => {
    expect(closing(db)).toEqual([]);
  });

  test('comes the last opened first, and once', () => {
    const { dependencies } = world();
    for (const name of ['a', 'b', 'c']) dependencies.use(name, { close: () => name });
    expect(dependencies.takeOpen().map(({ name }) => name)).toEqual(['c', 'b', 'a']);
    expect(dependencies.takeOpen()).toEqual([]);
  });

  test('too late is closed at once and refused; what keeps it open is logged', async () => {
    const { dependencies, lines, clock } = world();
    dependencies.takeOpen();
    const closed: string[] = [];
    const refusal = expect.objectContaining({
      code: 'SERVICE_STOPPED',
      message: 'use db: the service has stopped',
    }) as Error;
    expect(() => dependencies.use('db', { close: () => closed.push('db') })).toThrow(refusal);
    expect(() => dependencies.use('db', {})).toThrow(refusal);
    expect(() => dependencies.use('db', { close: () => Promise.reject(new Error('busy')) })).toThrow(refusal);
    await clock.turn();
    expect(closed).toEqual(['db']);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', msg: 'opened too late, and not closed', dependency: 'db' }),
    ]);
  });
});

describe('what is told of a dependency', () => {
  test('up, and each change but the first, as metrics', async () => {
    const { ask, shown } = watched({ failAfter: 1, passAfter: 1 });
    await ask(true);
    expect(await shown()).toEqual([
      'service_dependency_up{dependency="db"} 1',
      'service_dependency_transitions_total{dependency="db",to="up"} 0',
      'service_dependency_transitions_total{dependency="db",to="degraded"} 0',
      'service_dependency_transitions_total{dependency="db",to="down"} 0',
    ]);
    await ask('gone', 2);
    expect(await shown()).toContain('service_dependency_up{dependency="db"} 0');
    expect(await shown()).toContain('service_dependency_transitions_total{dependency="db",to="down"} 1');
    await ask({ status: 'degraded', checks: {} });
    expect(await shown()).toContain('service_dependency_up{dependency="db"} 1');
    expect(await shown()).toContain('service_dependency_transitions_total{dependency="db",to="degraded"} 1');
    await ask(true);
    expect(await shown()).toContain('service_dependency_transitions_total{dependency="db",to="up"} 1');
  });

  test('how long its probes took, in seconds', async () => {
    const { clock, dependencies, health, metrics } = world();
    dependencies.use(
      'db',
      {},
      {
        check: () => {
          clock.advance(250);
        },
      },
    );
    await health.report();
    const text = await metrics.exposition();
    expect(text).toContain('service_dependency_check_duration_seconds_sum{dependency="db"} 0.25\n');
    expect(text).toContain('service_dependency_check_duration_seconds_count{dependency="db"} 1\n');
  });

  test('in the log: down and degraded as a warning with the reason, up only when it was not', async () => {
    const { ask, lines } = watched({ failAfter: 1, passAfter: 1 });
    await ask(true);
    expect(lines).toEqual([]);
    await ask('gone', 3);
    await ask({ status: 'degraded', checks: {} });
    await ask(true);
    expect(lines.map(({ level, status, reason }) => [level, status, reason])).toEqual([
      ['warn', 'down', 'gone'],
      ['warn', 'degraded', 'not up: '],
      ['info', 'up', undefined],
    ]);
  });

  test('one that is down from the first is logged and brought back', async () => {
    let tries = 0;
    const { ask, lines, clock } = watched({ recover: () => (tries += 1) });
    await ask('gone');
    expect(lines).toHaveLength(1);
    clock.advance(250);
    await clock.turn();
    expect(tries).toBe(1);
  });
});

describe('recovery of a dependency', () => {
  test('is counted by how it ended, and asks at once whether it worked', async () => {
    let works = false;
    const { ask, db, clock, shown, lines, health } = watched({
      failAfter: 1,
      passAfter: 1,
      recover: () => {
        if (!works) throw new Error('still gone');
        db.answer = true;
      },
    });
    expect(await shown()).toEqual([
      'service_dependency_recoveries_total{dependency="db",outcome="ok"} 0',
      'service_dependency_recoveries_total{dependency="db",outcome="error"} 0',
    ]);
    await ask('gone');
    clock.advance(250);
    await clock.turn();
    expect(await shown()).toContain('service_dependency_recoveries_total{dependency="db",outcome="error"} 1');
    expect(lines.at(-1)).toMatchObject({ msg: 'recovery failed', err: { message: 'still gone' } });
    works = true;
    clock.advance(500);
    await clock.turn();
    expect(await shown()).toContain('service_dependency_recoveries_total{dependency="db",outcome="ok"} 1');
    expect(health.status).toBe('up');
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('goes on while the dependency says that it is not well, and ends with the service', async () => {
    let tries = 0;
    const { ask, clock, ending } = watched({ failAfter: 1, recover: () => (tries += 1) });
    await ask('gone');
    for (let i = 0; i < 10; i += 1) {
      clock.advance(1_000);
      await clock.turn();
    }
    expect(tries).toBeGreaterThan(2);
    const before = tries;
    ending.abort();
    await clock.turn();
    expect(clock.nextDueMs).toBe(Infinity);
    clock.advance(100_000);
    await clock.turn();
    expect(tries).toBe(before);
  });
});
