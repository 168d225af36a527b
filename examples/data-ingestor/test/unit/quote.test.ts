import { describe, expect, test } from 'vitest';
import { type Quote, checkQuotes } from '../../quote.ts';

const NOW_MS = 1_000_000;
const rules = { instruments: new Set(['BTC-USD', 'ETH-USD']), maxAheadMs: 1000, nowMs: NOW_MS };
const quote = (over: Partial<Quote> = {}): Quote => ({
  instrumentId: 'BTC-USD',
  bid: '100.00',
  ask: '100.25',
  atMs: NOW_MS,
  ...over,
});
/** What becomes of one quote after another. */
const outcomeOf = (given: unknown, last: readonly Quote[] = []) =>
  checkQuotes([given], new Map(last.map((one) => [one.instrumentId, one])), rules).outcomes[0];

describe('checkQuotes', () => {
  test('a quote of an instrument that is wanted is accepted, as it is', () => {
    expect(checkQuotes([quote()], new Map(), rules)).toEqual({ accepted: [quote()], outcomes: ['accepted'] });
  });

  test.each([
    ['a price that is a number', { ...quote(), bid: 100 }],
    ['a price of nothing', quote({ bid: '0.00' })],
    ['a negative price', quote({ bid: '-1' })],
    ['a price with an exponent', quote({ bid: '1e2' })],
    ['a price of any length', quote({ ask: `1${'0'.repeat(24)}` })],
    ['no time', { ...quote(), atMs: undefined }],
    ['a field that nobody knows', { ...quote(), last: '100.10' }],
    ['no quote at all', null],
  ])('%s is malformed', (_, given) => {
    expect(outcomeOf(given)).toBe('malformed');
  });

  test('an instrument that nobody asked for is unwanted', () => {
    expect(outcomeOf(quote({ instrumentId: 'DOGE-USD' }))).toBe('unwanted');
  });

  test('a bid below the ask is accepted, one at the ask is crossed', () => {
    expect(outcomeOf(quote({ bid: '100.24999', ask: '100.25' }))).toBe('accepted');
    expect(outcomeOf(quote({ bid: '100.25', ask: '100.250' }))).toBe('crossed');
  });

  test('prices are compared as decimals, not as text', () => {
    expect(outcomeOf(quote({ bid: '9.5', ask: '10.5' }))).toBe('accepted');
  });

  test('the clock of the source may be ahead by the limit, and not by more', () => {
    expect(outcomeOf(quote({ atMs: NOW_MS + 1000 }))).toBe('accepted');
    expect(outcomeOf(quote({ atMs: NOW_MS + 1001 }))).toBe('from_the_future');
  });

  test('a quote that is no newer than the last one is repeated', () => {
    expect(outcomeOf(quote(), [quote()])).toBe('repeated');
    expect(outcomeOf(quote({ atMs: NOW_MS + 1 }), [quote()])).toBe('accepted');
  });

  test('within one answer the newest counts, and a bad one does not spoil the others', () => {
    const newer = quote({ atMs: NOW_MS + 1, bid: '99.00' });
    const other = quote({ instrumentId: 'ETH-USD' });
    expect(checkQuotes([newer, 'nonsense', quote(), other], new Map(), rules)).toEqual({
      accepted: [newer, other],
      outcomes: ['accepted', 'malformed', 'repeated', 'accepted'],
    });
  });
});
