import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type EventType, TRADING_EVENTS, eventType } from '../../../src/events/index.ts';
import { z } from 'zod';

const NAMES = [
  'market.quote-updated',
  'market.bar-closed',
  'market.trade-printed',
  'market.data-quality-changed',
  'signal.raised',
  'portfolio.updated',
  'risk.alert-raised',
  'risk.trading-state-changed',
  'system.health-changed',
  'model.updated',
  'backtest.completed',
] as const;
type Name = (typeof NAMES)[number];

const typeOf = (name: Name): EventType => {
  const type = TRADING_EVENTS.get(name);
  if (type === undefined) throw new Error(`no ${name}`);
  return type;
};

/** Good data of a type, from its golden file. */
const example = (name: Name): Record<string, unknown> => {
  const file = new URL(`../../golden/events/${name}.v1.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { data: Record<string, unknown> }).data;
};

const isTaken = (name: Name, changed: Readonly<Record<string, unknown>>): boolean =>
  typeOf(name).check({ ...example(name), ...changed }).success;

/** What is taken, and beside it what is just no longer. */
const BOUNDARIES: readonly (readonly [Name, field: string, good: unknown, bad: unknown])[] = [
  ['market.quote-updated', 'bid', { price: '0', quantity: '0' }, { price: '-1', quantity: '0' }],
  ['market.quote-updated', 'bid', { price: '1', quantity: '1' }, { price: 1, quantity: '1' }],
  ['market.quote-updated', 'ask', undefined, null],
  ['market.quote-updated', 'mark', '1'.repeat(48), '1'.repeat(49)],
  ['market.quote-updated', 'mark', '0.1', '1e-1'],
  ['market.quote-updated', 'receivedMs', 8.64e15, 8.64e15 + 1],
  ['market.quote-updated', 'receivedMs', 0.5, NaN],
  ['market.quote-updated', 'instrumentId', 'a'.repeat(64), 'a'.repeat(65)],
  ['market.quote-updated', 'isGood', false, 'no'],
  ['market.bar-closed', 'closeMs', 1_767_261_540_001, 1_767_261_540_000],
  ['market.bar-closed', 'close', -0.5, Infinity],
  ['market.bar-closed', 'volume', 0, -1],
  ['market.bar-closed', 'trades', 0, 0.5],
  ['market.trade-printed', 'tradeId', '1', ''],
  ['market.trade-printed', 'tradeId', 'a'.repeat(128), 'a'.repeat(129)],
  ['market.trade-printed', 'price', '0.00000001', '-0.00000001'],
  ['market.trade-printed', 'aggressor', 'sell', 'SELL'],
  ['market.data-quality-changed', 'problems', [], [{ code: 'stale', blocking: true }]],
  ['market.data-quality-changed', 'problems', [{ code: 'A', blocking: true }], [{ code: 'A' }]],
  ['market.data-quality-changed', 'began', [], undefined],
  ['signal.raised', 'confidence', 0, -0.001],
  ['signal.raised', 'confidence', 1, 1.001],
  ['signal.raised', 'direction', 'flat', 'hold'],
  ['signal.raised', 'reasons', ['a'.repeat(2_000)], ['a'.repeat(2_001)]],
  ['signal.raised', 'strategyId', 'x', 'x y'],
  ['portfolio.updated', 'equity', '-1', -1],
  ['portfolio.updated', 'equity', undefined, null],
  ['portfolio.updated', 'realised', '0', undefined],
  ['portfolio.updated', 'drawdownFraction', 0, -0.001],
  ['portfolio.updated', 'cash', [], [{ currency: 'USDT' }]],
  ['portfolio.updated', 'positions', [], [{ instrumentId: 'GOLD' }]],
  ['risk.alert-raised', 'count', 1, 0],
  ['risk.alert-raised', 'severity', 'info', 'fatal'],
  ['risk.alert-raised', 'code', 'A', 'a'],
  ['risk.alert-raised', 'scope', { kind: 'firm' }, { kind: 'firm', id: 'x' }],
  ['risk.alert-raised', 'scope', { kind: 'venue', id: 'x' }, { kind: 'venue' }],
  ['risk.alert-raised', 'measured', 'NaN', NaN],
  ['risk.alert-raised', 'limit', 0, ''],
  ['risk.trading-state-changed', 'from', undefined, 'tripped'],
  ['risk.trading-state-changed', 'to', 'halted', undefined],
  ['risk.trading-state-changed', 'cause', 'restraint-lifted', 'other'],
  ['risk.trading-state-changed', 'by', { kind: 'system', id: '' }, { kind: 'robot', id: 'x' }],
  ['risk.trading-state-changed', 'second', undefined, { kind: 'person' }],
  ['system.health-changed', 'service', 'a'.repeat(128), ''],
  ['system.health-changed', 'state', 'failed', 'dead'],
  ['system.health-changed', 'level', 'down', 'unknown'],
  ['system.health-changed', 'dependencies', {}, { a: { status: 'up' } }],
  ['model.updated', 'metrics', { auc: -1 }, { auc: NaN }],
  ['model.updated', 'stage', 'canary', 'staging'],
  ['model.updated', 'artifactHash', 'f'.repeat(64), 'F'.repeat(64)],
  ['model.updated', 'version', '1', 1],
  ['backtest.completed', 'instrumentIds', ['GOLD'], []],
  ['backtest.completed', 'inputHash', '0'.repeat(64), '0'.repeat(63)],
  ['backtest.completed', 'totalReturn', -1, '-1'],
  ['backtest.completed', 'maxDrawdownFraction', 0, -1],
  ['backtest.completed', 'endEquity', '0.5', 0.5],
];

describe('TRADING_EVENTS', () => {
  test.each(BOUNDARIES)('%s takes %s %j and not %j', (name, field, good, bad) => {
    expect({ good: isTaken(name, { [field]: good }), bad: isTaken(name, { [field]: bad }) }).toEqual({
      good: true,
      bad: false,
    });
  });

  test.each(NAMES)('%s takes no field that it does not know', (name) => {
    expect(isTaken(name, { tipp: 1 })).toBe(false);
  });

  test.each(NAMES)('%s goes through JSON as it is', (name) => {
    const checked = typeOf(name).check(example(name));
    expect(JSON.parse(JSON.stringify(checked.data))).toEqual(example(name));
  });

  test('an order keeps its topic and key: all of an account in order, instruments each for themselves', () => {
    const where = TRADING_EVENTS.types.map(({ type, topic }) => `${topic}: ${type}`);
    expect(where).toContain('order: order.executed');
    expect(where.filter((each) => each.startsWith('market: '))).toHaveLength(4);
    expect(TRADING_EVENTS.topics).toEqual([
      'market',
      'signal',
      'order',
      'portfolio',
      'risk',
      'system',
      'model',
      'backtest',
    ]);
  });

  test.each([
    ['market.quote-updated', 'BTCUSDT'],
    ['market.bar-closed', 'BTCUSDT'],
    ['market.trade-printed', 'BTCUSDT'],
    ['market.data-quality-changed', 'BTCUSDT'],
    ['signal.raised', 'BTCUSDT'],
    ['portfolio.updated', 'main'],
    ['risk.alert-raised', 'strategy:trend'],
    ['risk.trading-state-changed', 'account:main'],
    ['system.health-changed', 'trader'],
    ['model.updated', 'direction'],
    ['backtest.completed', 'trend'],
  ] as const)('%s is about %s, which keeps its order', (name, subject) => {
    const { data } = typeOf(name).check(example(name));
    expect([typeOf(name).subject(data), typeOf(name).key(data)]).toEqual([subject, subject]);
  });

  test('what is about the firm says so', () => {
    for (const name of ['risk.alert-raised', 'risk.trading-state-changed'] as const) {
      const { data } = typeOf(name).check({ ...example(name), scope: { kind: 'firm' } });
      expect(typeOf(name).subject(data)).toBe('firm');
    }
  });

  test('takes types of the user beside its own', () => {
    const own = eventType({ type: 'lunch.served', schema: z.strictObject({}) });
    const more = TRADING_EVENTS.with(own);
    expect(more.has(own)).toBe(true);
    expect(TRADING_EVENTS.has(own)).toBe(false);
    expect(more.types).toHaveLength(TRADING_EVENTS.types.length + 1);
  });
});
