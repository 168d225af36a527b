import { describe, expect, test } from 'vitest';
import { eventId } from '../../src/events/event-id.ts';

describe('eventId', () => {
  test('reads as what it is made of', () => {
    expect(eventId('bar', 'BTCUSDT', 1_000)).toBe('bar:BTCUSDT:1000');
  });

  test('stays so up to 128 characters, and is a hash beyond', () => {
    expect(eventId('a'.repeat(128))).toBe('a'.repeat(128));
    expect(eventId('a'.repeat(129))).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is a hash of what cannot stand in an id', () => {
    expect(eventId('trip', 'account:the main one')).toMatch(/^[0-9a-f]{64}$/);
    expect(eventId('trip', 'account:größe')).toMatch(/^[0-9a-f]{64}$/);
    expect(eventId()).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the same parts give the same hash, others another, wherever they are cut', () => {
    expect(eventId('a b', 'c')).toBe(eventId('a b', 'c'));
    expect(eventId('a b', 'c')).not.toBe(eventId('a b:c'));
    expect(eventId('a b', 1)).not.toBe(eventId('a b', '1'));
  });
});
