import { describe, expect, test } from 'vitest';
import { person } from '../../../src/core/index.ts';
import { compareBalances, comparePositions } from '../../../src/desk/reconcile/compare-holdings.ts';
import { DeskWorld } from '../../support/desk-world.ts';

const IDS = new Set(['GOLD', 'SILVER']);
const accounts = ['acc', 'two'].map((accountId) => ({ accountId, currency: 'USDT', balance: '1000' }));
const gold = (quantity: string, accountId = 'acc', instrumentId = 'GOLD') => ({
  accountId,
  instrumentId,
  quantity,
});

/** A Book with a position of gold in the first of its two accounts. */
async function holding(quantity = '3') {
  const world = await DeskWorld.open({ accounts });
  if (quantity !== '0') {
    const position = { instrumentId: 'GOLD', quantity, price: '100' };
    const order = { adjustmentId: 'a', accountId: 'acc', position, by: person('ada'), reason: 'test' };
    await world.drained(world.desk.adjust(order));
  }
  return world.book;
}

describe('positions', () => {
  test.for(['3', '3.0', '3.000000000000000000'])('%s is 3', async (said) => {
    expect(comparePositions(await holding(), [gold(said)], IDS)).toEqual([]);
  });

  test('one that differs is told with both, and with what would settle it', async () => {
    expect(comparePositions(await holding(), [gold('-1.5')], IDS)).toEqual([
      {
        code: 'POSITION_MISMATCH',
        settled: false,
        detail: 'position 3 in the Book, -1.5 at the venue',
        amount: '-4.5',
        accountId: 'acc',
        instrumentId: 'GOLD',
      },
    ]);
  });

  test('one that the venue does not speak of is none there', async () => {
    expect(comparePositions(await holding(), [], IDS)).toMatchObject([{ amount: '-3' }]);
  });

  test('a short one is compared with its sign', async () => {
    const book = await holding('-3');
    expect(comparePositions(book, [gold('-3')], IDS)).toEqual([]);
    expect(comparePositions(book, [gold('3')], IDS)).toMatchObject([{ amount: '6' }]);
  });

  test('one that only the venue has, in either account', async () => {
    const said = [gold('3'), gold('2', 'two'), gold('1', 'acc', 'SILVER')];
    expect(comparePositions(await holding(), said, IDS)).toMatchObject([
      { code: 'POSITION_MISMATCH', amount: '2', accountId: 'two', instrumentId: 'GOLD' },
      { code: 'POSITION_MISMATCH', amount: '1', accountId: 'acc', instrumentId: 'SILVER' },
    ]);
  });

  test('none on both sides is no difference', async () => {
    expect(comparePositions(await holding('0'), [gold('0'), gold('0.00', 'two')], IDS)).toEqual([]);
  });

  test('accounts of others are not ours to judge', async () => {
    expect(comparePositions(await holding(), [gold('3'), gold('9', 'theirs')], IDS)).toEqual([]);
  });

  test('an instrument that is not configured is told as such', async () => {
    expect(comparePositions(await holding(), [gold('3'), gold('9', 'acc', 'TIN')], IDS)).toMatchObject([
      { code: 'INSTRUMENT_FOREIGN', settled: false, instrumentId: 'TIN', amount: '9' },
    ]);
  });
});

describe('balances', () => {
  const usdt = (amount: string, accountId = 'acc', currency = 'USDT') => ({ accountId, currency, amount });

  test.for(['1000', '1000.00'])('%s is 1000', async (said) => {
    expect(compareBalances(await holding(), [usdt(said)])).toEqual([]);
  });

  test('one that differs in the last digit is told with both, and with what would settle it', async () => {
    expect(compareBalances(await holding(), [usdt('999.999999999')])).toEqual([
      {
        code: 'BALANCE_MISMATCH',
        settled: false,
        detail: 'cash 1000 in the Book, 999.999999999 at the venue',
        amount: '-0.000000001',
        accountId: 'acc',
      },
    ]);
  });

  test('accounts and currencies that the Book does not have are not compared, nor is what is left out', async () => {
    const said = [usdt('1', 'theirs'), usdt('1', 'acc', 'EUR')];
    expect(compareBalances(await holding(), said)).toEqual([]);
  });
});
