import { describe, expect, test } from 'vitest';
import { parseCommand } from '../../command-line.ts';
import { instrumentsOf, parseConfig, portOf, principalOf, symbolsOf } from '../../config.ts';

describe('configuration', () => {
  test('has a default for everything', () => {
    const config = parseConfig({});
    expect(instrumentsOf(config).map(({ instrumentId }) => instrumentId)).toEqual([
      'BTC-USD',
      'ETH-USD',
      'SOL-USD',
      'LTC-USD',
    ]);
    expect(symbolsOf(config)).toMatchObject({ 'BTC-USD': 'BTCUSD' });
    expect(config.lease).toEqual({ ttlMs: 3_000, renewEveryMs: 600, pollMs: 100 });
  });

  test.each([
    ['a host that others reach, without a token', { host: '0.0.0.0' }],
    ['PostgreSQL without Redis', { postgres: { url: 'postgres://127.0.0.1/db' } }],
    [
      'a strategy of what is not traded',
      { strategies: [{ kind: 'band-reversion', instruments: ['XRP-USD'] }] },
    ],
    ['a lease that one lost renewal ends', { lease: { ttlMs: 1_000, renewEveryMs: 501 } }],
    ['a field that nobody knows', { ports: 1 }],
  ])('refuses %s', (_what, input) => {
    expect(() => parseConfig(input)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });

  test('gives each role a port, and each instance another', () => {
    const config = { basePort: 8080 };
    expect([portOf(config, 'market-data'), portOf(config, 'trading'), portOf(config, 'trading', 2)]).toEqual([
      8080, 8082, 8092,
    ]);
    expect(portOf({ basePort: 0 }, 'trading', 2)).toBe(0);
  });

  test('knows who a token belongs to', () => {
    const tokens = [{ token: 'a-token-of-some-length', id: 'ann', kind: 'person' as const }];
    expect(principalOf({ tokens }, 'a-token-of-some-length')).toEqual({ kind: 'person', id: 'ann' });
    expect(principalOf({ tokens }, 'a-token-of-some-lengtH')).toBeUndefined();
  });
});

describe('command line', () => {
  test('is stronger than the defaults', () => {
    const command = parseCommand(['--only', 'signals', '--instance', '2', '--port', '0', '--seed', '3']);
    expect(command).toMatchObject({
      ...{ only: 'signals', instance: 2 },
      config: { basePort: 0, market: { kind: 'simulation', seed: 3 } },
    });
  });

  test('gives help', () => {
    expect(parseCommand(['--help'])).toBeUndefined();
  });

  test.each([[['--only', 'cooking']], [['--port', 'x']], [['--instance', '0']], [['--what']]])(
    'refuses %j',
    (args) => {
      expect(() => parseCommand(args)).toThrow();
    },
  );
});
