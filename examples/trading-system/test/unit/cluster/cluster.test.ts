import { describe, expect, test } from 'vitest';
import { HELP, parseCommandLine } from '../../../cluster/options.ts';
import { passedOn } from '../../../cluster/pass-on.ts';
import { type PlanDeps, planCluster } from '../../../cluster/plan.ts';
import { parseConfig } from '../../../config.ts';

const REDIS = ['--redis', 'redis://127.0.0.1:6379'];

const deps = (given: Partial<PlanDeps> = {}): PlanDeps => ({
  files: { dataDir: '/data', system: '/data/system.json', exchange: '/data/exchange.json' },
  given: {},
  exchangePort: 9000,
  credentials: { key: 'a-key', secret: 'a-secret-of-some-length' },
  ...given,
});

const plan = (args: readonly string[] = [], given: Partial<PlanDeps> = {}) => {
  const options = parseCommandLine([...REDIS, ...args]);
  if (options === undefined) throw new Error('expected options');
  return planCluster(options, deps(given));
};

describe('the command line', () => {
  test('has a default for everything but the Redis', () => {
    expect(parseCommandLine(REDIS)).toEqual({
      ...{ redis: 'redis://127.0.0.1:6379', signals: 2, trading: 2, port: 8080, log: 'prefix' },
    });
  });

  test('says what is missing or wrong', () => {
    expect(() => parseCommandLine([])).toThrow(/redis/);
    expect(() => parseCommandLine([...REDIS, '--signals', '0'])).toThrow(/signals/);
    expect(() => parseCommandLine([...REDIS, '--port', '99999'])).toThrow(/port/);
    expect(() => parseCommandLine(['--redis', 'http://127.0.0.1'])).toThrow(/redis/);
    expect(() => parseCommandLine([...REDIS, '--trade', '2'])).toThrow(/--trade/);
  });

  test('help names every option', () => {
    expect(parseCommandLine(['--help'])).toBeUndefined();
    for (const name of [
      'redis',
      'postgres',
      'data-dir',
      'config',
      'signals',
      'trading',
      'port',
      'json-status',
      'venue',
      'log',
    ])
      expect(HELP).toContain(`--${name} `);
  });
});

describe('the plan', () => {
  test('has each service once, signals and trading as often as asked for, and the exchange first', () => {
    const { children } = plan(['--trading', '3', '--signals', '1']);
    expect(children.map(({ name, stage }) => [name, stage])).toEqual([
      ['exchange', 0],
      ['market-data', 1],
      ['signals', 3],
      ['trading-1', 2],
      ['trading-2', 2],
      ['trading-3', 2],
      ['risk', 1],
      ['portfolio', 1],
      ['notification', 1],
      ['monitoring', 1],
    ]);
    expect(children[4]?.args.slice(1)).toEqual([
      ...['--config', '/data/system.json', '--only', 'trading', '--instance', '2'],
    ]);
    expect(children.filter(({ isFixed }) => isFixed).map(({ name }) => name)).toEqual(['exchange']);
  });

  test('tells all of them one configuration that is right, and the exchange what is traded', () => {
    const { system, exchange, statusPort } = plan();
    const config = parseConfig(system);
    expect(config.venue).toEqual({
      ...{ kind: 'exchange', url: 'http://127.0.0.1:9000' },
      ...{ key: 'a-key', secret: 'a-secret-of-some-length' },
    });
    expect(exchange?.instruments?.map(({ symbol }) => symbol)).toEqual([
      'BTCUSD',
      'ETHUSD',
      'SOLUSD',
      'LTCUSD',
    ]);
    expect(exchange?.accounts).toEqual([
      {
        ...{ accountId: 'main', key: 'a-key', secret: 'a-secret-of-some-length' },
        ...{ balances: { USD: '100000' }, funding: 'cash' },
      },
    ]);
    expect(statusPort).toBe(8088);
  });

  test('starts no exchange where one runs, and needs its key then', () => {
    const url = 'https://exchange.example.com';
    const venue = { kind: 'exchange' as const, url, key: 'k', secret: 'its-own-secret' };
    const { children, exchange, system } = plan(['--venue', url], { given: { venue } });
    expect([children[0]?.name, exchange, system.venue, system.market]).toEqual([
      ...['market-data', undefined, venue],
      { kind: 'exchange', url },
    ]);
    expect(() => plan(['--venue', url])).toThrow(/key and secret/);
  });

  test('refuses a configuration that is not right', () => {
    expect(() => plan([], { given: { barMs: 1 } })).toThrow(/barMs/);
  });

  test('gives free ports with port 0, and the status the port that was asked for', () => {
    expect(plan(['--port', '0']).statusPort).toBe(0);
    expect(plan(['--json-status', '7000']).statusPort).toBe(7000);
  });
});

describe('a line of a child', () => {
  test.each([
    ['prefix', 'hello', 'risk | hello'],
    ['json', 'hello', '{"child":"risk","from":"stderr","text":"hello"}'],
    ['json', '{"level":"info"}', '{"child":"risk","from":"stderr","log":{"level":"info"}}'],
    ['json', '{"level":', '{"child":"risk","from":"stderr","text":"{\\"level\\":"}'],
    ['none', 'hello', undefined],
  ] as const)('%s: %s', (form, line, passed) => {
    expect(passedOn(form, 'risk', line, 'stderr')).toBe(passed);
  });

  test('is cut where it is very long', () => {
    expect(passedOn('prefix', 'a', 'x'.repeat(20_000), 'stdout')).toHaveLength(16_384 + 'a | '.length);
  });
});
