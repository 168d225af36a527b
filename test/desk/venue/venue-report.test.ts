import { describe, expect, test } from 'vitest';
import { decimal } from '../../../src/core/index.ts';
import { readReport } from '../../../src/desk/venue/venue-report.ts';
import { defineInstrument } from '../../../src/trading/index.ts';

const instrument = defineInstrument({
  instrumentId: 'ABC-USD',
  base: 'ABC',
  quote: 'USD',
  tick: '0.5',
  step: '0.1',
});
const about = { clientOrderId: 'order', atMs: 7 };
const read = (report: unknown): unknown => readReport(report, instrument, 7);

const fill = (overrides: object = {}): object => ({
  type: 'filled',
  clientOrderId: 'order',
  executionId: 'x1',
  quantity: '0.3',
  price: '99.51',
  fee: { amount: '-0.01', currency: 'USD' },
  liquidity: 'maker',
  ...overrides,
});

describe('readReport', () => {
  test('reads a fill onto the grid; its price may stand between two ticks, its fee may be a rebate', () => {
    expect(read(fill())).toEqual({
      type: 'filled',
      ...about,
      fill: {
        executionId: 'x1',
        quantity: 3,
        price: decimal('99.51'),
        fee: { amount: decimal('-0.01'), currency: 'USD' },
        liquidity: 'maker',
      },
    });
  });

  test.for([
    [
      { type: 'accepted', venueOrderId: 'v1' },
      { type: 'accepted', venueOrderId: 'v1' },
    ],
    [{ type: 'accepted' }, { type: 'accepted' }],
    [
      { type: 'rejected', reason: 'no' },
      { type: 'rejected', reason: 'no' },
    ],
    [{ type: 'cancelled' }, { type: 'cancelled' }],
    [
      { type: 'cancelled', cumulative: '0.5' },
      { type: 'cancelled', cumulative: 5 },
    ],
    [
      { type: 'cancelled', cumulative: '0' },
      { type: 'cancelled', cumulative: 0 },
    ],
    [
      { type: 'expired', cumulative: '1.0' },
      { type: 'expired', cumulative: 10 },
    ],
    [{ type: 'expired' }, { type: 'expired' }],
  ])('reads %o', ([report, event]) => {
    expect(read({ clientOrderId: 'order', ...report })).toStrictEqual({ ...about, ...event });
  });

  test('leaves out what it does not know', () => {
    expect(read({ clientOrderId: 'order', type: 'expired', raw: { price: 1 } })).toStrictEqual({
      type: 'expired',
      ...about,
    });
  });

  test.for([
    ['a quantity off the grid', fill({ quantity: '0.35' }), 'quantity', '0.35'],
    ['a quantity of nothing', fill({ quantity: '0' }), 'quantity', 'positive'],
    ['a negative quantity', fill({ quantity: '-1' }), 'quantity', '-1'],
    ['a quantity that is a number', fill({ quantity: 0.3 }), 'quantity', 'string'],
    ['a quantity beyond what is exact', fill({ quantity: '9'.repeat(30) }), 'quantity', '999'],
    ['no execution id', fill({ executionId: '' }), 'executionId', '""'],
    ['a price with an exponent', fill({ price: '1e2' }), 'price', '1e2'],
    ['a price below 0', fill({ price: '-1' }), 'price', '-1'],
    ['no price', fill({ price: undefined }), 'price', 'nothing'],
    ['no fee', fill({ fee: undefined }), 'fee', 'nothing'],
    ['a fee that is none', fill({ fee: { amount: 'free', currency: 'USD' } }), 'fee.amount', 'free'],
    ['a fee in nothing', fill({ fee: { amount: '1' } }), 'fee.currency', 'nothing'],
    ['no word on liquidity', fill({ liquidity: 'both' }), 'liquidity', 'both'],
    [
      'a cumulative off the grid',
      { type: 'cancelled', clientOrderId: 'order', cumulative: '0.05' },
      'cumulative',
      '0.05',
    ],
    ['a rejection without reason', { type: 'rejected', clientOrderId: 'order' }, 'reason', 'nothing'],
    [
      'a venue id that is a number',
      { type: 'accepted', clientOrderId: 'order', venueOrderId: 7 },
      'venueOrderId',
      '7',
    ],
    ['an unknown type', { type: 'doubled', clientOrderId: 'order' }, 'type', 'doubled'],
    ['no type', { clientOrderId: 'order' }, 'type', 'nothing'],
  ] as const)('says what is wrong with %s', ([, report, field, got]) => {
    const said = read(report);
    expect(said).toMatch(new RegExp(`^report: ${field}: `));
    expect(said).toContain(got);
  });

  test.for([[undefined], [null], ['filled'], [7]])('says that %o is no report', ([report]) => {
    expect(read(report)).toMatch(/^report: \(whole\): /);
  });

  test('a report that cannot even be read is said to be so', () => {
    const trap = {
      get type(): string {
        throw new Error('trapped');
      },
    };
    expect(read(trap)).toContain('trapped');
  });
});
