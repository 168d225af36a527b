import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { VenueQuestions } from '../../../src/desk/venue/venue-questions.ts';
import type { AccountView } from '../../../src/trading/index.ts';
import { report, venueFill } from '../../support/desk-world.ts';
import { ScriptedDriver, failing, never } from '../../support/scripted-driver.ts';

type Name = 'lookup' | 'openOrders' | 'fills' | 'positions' | 'balances';
const SCRIPTS = {
  lookup: 'onLookup',
  openOrders: 'onOpenOrders',
  fills: 'onFills',
  positions: 'onPositions',
  balances: 'onBalances',
} as const;
const POSITION = { accountId: 'acc', instrumentId: 'GOLD', quantity: '-3' };
const BALANCE = { accountId: 'acc', currency: 'USDT', amount: '-0.5' };

function questions() {
  const clock = new ManualClock();
  const driver = new ScriptedDriver();
  const book = { account: (accountId: string) => (accountId === 'acc' ? ({} as AccountView) : undefined) };
  const asking = new VenueQuestions({ answers: driver, clock, venueTimeoutMs: 1_000, book });
  const ask = (name: Name) =>
    name === 'lookup' ? asking.lookup('one') : name === 'fills' ? asking.fills(7) : asking[name]();
  const answering = (name: Name, value: unknown) => {
    Object.assign(driver, { [SCRIPTS[name]]: () => Promise.resolve(value) });
    return ask(name);
  };
  return { clock, driver, ask, answering };
}

describe.for(['lookup', 'openOrders', 'fills', 'positions', 'balances'] as const)('%s', (name) => {
  test('that fails is no answer, with the reason', async () => {
    const { driver, ask } = questions();
    driver[SCRIPTS[name]] = failing('socket closed');
    expect(await ask(name)).toEqual({ kind: 'none', reason: 'socket closed' });
  });

  test('that throws at once is no answer', async () => {
    const { driver, ask } = questions();
    driver[SCRIPTS[name]] = () => {
      throw new Error('not implemented');
    };
    expect(await ask(name)).toEqual({ kind: 'none', reason: 'not implemented' });
  });

  test('that is not answered in time is no answer, and is called off', async () => {
    const { clock, driver, ask } = questions();
    let signal: AbortSignal | undefined;
    driver[SCRIPTS[name]] = (...args: unknown[]) => {
      signal = args.at(-1) as AbortSignal;
      return never();
    };
    const asked = ask(name);
    clock.advance(1_000);
    expect(await asked).toEqual({ kind: 'none', reason: 'no answer within 1000 ms' });
    expect(signal?.aborted).toBe(true);
  });

  test.for([null, 7, 'none', {}, [null], [{}]])('answered with %o is no answer', async (nonsense) => {
    const { answering } = questions();
    expect(await answering(name, nonsense)).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining(`venue: ${name}`) as string,
    });
  });
});

describe('an answer', () => {
  test.for<[Name, unknown]>([
    ['lookup', undefined],
    ['lookup', report({ venueOrderId: 'v', reason: 'why' })],
    ['openOrders', []],
    ['openOrders', [report()]],
    ['fills', [venueFill({ fee: { amount: '-0.1', currency: 'USDT' } })]],
    ['positions', [POSITION]],
    ['balances', [BALANCE]],
  ])('of %s is handed on as it is', async ([name, value]) => {
    expect(await questions().answering(name, value)).toEqual({ kind: 'answer', value });
  });

  test('may hold more than was asked for, which is left out', async () => {
    const { answering } = questions();
    expect(await answering('positions', [{ ...POSITION, raw: {} }])).toEqual({
      kind: 'answer',
      value: [POSITION],
    });
  });

  test.for<[Name, object]>([
    ['lookup', { quantity: '1e3' }],
    ['lookup', { quantity: 10 }],
    ['lookup', { price: '-1' }],
    ['lookup', { cumulative: 'NaN' }],
    ['lookup', { cumulative: undefined }],
    ['lookup', { side: 'BUY' }],
    ['lookup', { state: 'done' }],
    ['lookup', { clientOrderId: 7 }],
    ['openOrders', { accountId: undefined }],
    ['openOrders', { instrumentId: null }],
    ['fills', { executionId: '' }],
    ['fills', { executionId: 7 }],
    ['fills', { quantity: '-4' }],
    ['fills', { price: ' 1' }],
    ['fills', { fee: undefined }],
    ['fills', { fee: { amount: 'none', currency: 'USDT' } }],
    ['fills', { liquidity: 'both' }],
    ['fills', { atMs: '2026-01-02' }],
    ['fills', { atMs: Infinity }],
    ['positions', { quantity: '0x10' }],
    ['positions', { quantity: '' }],
    ['balances', { amount: '1,000.00' }],
    ['balances', { currency: undefined }],
  ])('of %s with %o in it is no answer, whatever else it says', async ([name, bad]) => {
    const good = {
      lookup: report(),
      openOrders: report(),
      fills: venueFill(),
      positions: POSITION,
      balances: BALANCE,
    }[name];
    const wrong = { ...good, ...bad };
    expect(await questions().answering(name, name === 'lookup' ? wrong : [good, wrong])).toMatchObject({
      kind: 'none',
    });
  });

  test.for<[Name, object]>([
    ['openOrders', report()],
    ['fills', venueFill()],
    ['positions', POSITION],
    ['balances', BALANCE],
  ])(
    'of %s is read without the rows of accounts that we do not have, sensible or not',
    async ([name, row]) => {
      const theirs = { ...row, accountId: 'theirs' };
      const senseless = { accountId: 'theirs', price: '1e-7', quantity: null };
      expect(await questions().answering(name, [theirs, row, senseless])).toEqual({
        kind: 'answer',
        value: [row],
      });
    },
  );

  test('about one order is read whosever account it names: under an id of ours that is a difference', async () => {
    const value = report({ accountId: 'theirs' });
    expect(await questions().answering('lookup', value)).toEqual({ kind: 'answer', value });
  });

  test('is asked for with what it is about', async () => {
    const { driver, ask } = questions();
    for (const name of ['lookup', 'openOrders', 'fills', 'positions', 'balances'] as const) await ask(name);
    expect(driver.asked).toEqual(['lookup one', 'openOrders', 'fills 7', 'positions', 'balances']);
  });
});
