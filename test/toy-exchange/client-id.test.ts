import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { fromExchangeId, toExchangeId } from '../../examples/toy-exchange/driver/client-id.ts';

const ours = fc
  .bigInt({ min: 0n, max: 2n ** 128n - 1n })
  .map((value) => value.toString(16).padStart(32, '0'));

describe('ids at the toy exchange', () => {
  property.prop([ours])('come back as they went', (id) => {
    expect(fromExchangeId(toExchangeId(id) ?? '')).toBe(id);
  });

  property.prop([ours])('fit what the exchange takes: 26 of A-Z and 0-9, a letter first', (id) => {
    expect(toExchangeId(id)).toMatch(/^[A-Z][0-9A-Z]{25}$/);
  });

  test.each([
    ['0'.repeat(32), `P${'0'.repeat(25)}`],
    ['f'.repeat(32), 'PF5LXX1ZZ5PNORYNQGLHZMSP33'],
  ])('%s is %s', (id, theirs) => {
    expect(toExchangeId(id)).toBe(theirs);
  });

  test.each(['', 'ABC', 'F'.repeat(32), 'f'.repeat(31), 'f'.repeat(33), `${'f'.repeat(31)}g`])(
    '%j is none of ours to send',
    (id) => {
      expect(toExchangeId(id)).toBeUndefined();
    },
  );

  test.each([
    '',
    'MANUAL',
    'PF5LXX1ZZ5PNORYNQGLHZMSP34',
    `P${'Z'.repeat(25)}`,
    `P${'0'.repeat(24)}`,
    `p${'0'.repeat(25)}`,
  ])('%j was not placed with an id of ours', (id) => {
    expect(fromExchangeId(id)).toBeUndefined();
  });
});
