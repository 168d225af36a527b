import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/index.ts';
import { type InstrumentOptions, defineInstrument } from '../../src/trading/index.ts';

const options = (overrides: Partial<InstrumentOptions> = {}): InstrumentOptions => ({
  instrumentId: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tick: '0.01',
  step: '0.001',
  ...overrides,
});

describe('defineInstrument', () => {
  test('fills in what was left out: spot, one step, no maximum, no minimum value', () => {
    expect(defineInstrument(options())).toMatchObject({
      instrumentId: 'BTC-USDT',
      kind: 'spot',
      base: 'BTC',
      quote: 'USDT',
      minQuantity: 1,
      maxQuantity: Number.MAX_SAFE_INTEGER,
      minNotional: 0,
    });
  });

  test('puts the limits of an order on the grid', () => {
    expect(
      defineInstrument(options({ minQuantity: '0.010', maxQuantity: decimal('9'), minNotional: 5n })),
    ).toMatchObject({ minQuantity: 10, maxQuantity: 9_000, minNotional: 5_000_000 });
  });

  test.each(['minQuantity', 'maxQuantity'])('refuses a %s between two steps', (field) => {
    expect(() => defineInstrument(options({ [field]: '0.0015' }))).toThrow(
      `Instrument BTC-USDT: ${field}: expected a positive multiple of the step 0.001, got 0.0015`,
    );
  });

  test.each(['0', '-1'])('refuses a smallest quantity of %s', (minQuantity) => {
    expect(() => defineInstrument(options({ minQuantity }))).toThrow(
      /minQuantity: expected a positive multiple/,
    );
  });

  test('refuses a tick that is a number', () => {
    expect(() => defineInstrument(options({ tick: 0.01 as unknown as string }))).toThrow(
      'Instrument: tick: expected a plain decimal as string, bigint or Decimal, got 0.01',
    );
  });

  test.each(['perpetual', 'option', 'inverse'])('refuses a %s', (kind) => {
    expect(() => defineInstrument(options({ kind }))).toThrow(
      expect.objectContaining({
        code: 'INSTRUMENT_KIND_UNSUPPORTED',
        message: `Instrument BTC-USDT: kind: expected spot or linear, got "${kind}"`,
      }),
    );
  });

  test('refuses a misspelt option by name', () => {
    expect(() => defineInstrument({ ...options(), minNotionall: '1' } as InstrumentOptions)).toThrow(
      'Instrument: (whole): Unrecognized key: "minNotionall"',
    );
  });
});
