import { Book, type Denial } from 'portcullis/trading';
import { expect, test } from 'vitest';
import { explanation, orderOutcome } from '../../api/orders.ts';
import { explanationAnswer, outcomeAnswer } from '../../trading/order-answers.ts';

const denial = (measured: number): Denial => ({
  ...{ gate: 'market-data-age', code: 'MARKET_DATA_STALE' },
  ...{ measured, limit: 2_000 },
});

test.each([
  [Infinity, 'Infinity'],
  [-Infinity, '-Infinity'],
  [NaN, 'NaN'],
  [2_001, 2_001],
])('what a gate measured is said in JSON: %d', (measured, said) => {
  const answer = outcomeAnswer({ kind: 'denied', denials: [denial(measured)] }, new Book());
  expect(orderOutcome.parse(JSON.parse(JSON.stringify(answer)))).toEqual({
    kind: 'denied',
    denials: [{ ...denial(0), measured: said }],
  });
});

test('an explanation says gates without a bound too', () => {
  const gate = { gate: 'volume', outcome: 'passed', measured: Infinity, limit: Infinity } as const;
  const answer = explanationAnswer({
    ...{ decision: 'held', denials: [], risk: [gate], execution: [gate] },
    intent: {
      ...{ intentId: 'i-1', accountId: 'main', strategyId: 's', instrumentId: 'BTC-USD', side: 'buy' },
      ...{ quantity: '1', price: { type: 'market', maxSlippageBps: 10 } },
    },
  } as unknown as Parameters<typeof explanationAnswer>[0]);
  const said = { ...gate, measured: 'Infinity', limit: 'Infinity' };
  expect(explanation.parse(answer)).toMatchObject({ risk: [said], execution: [said] });
});
