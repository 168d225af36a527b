import { describe, expect, test } from 'vitest';
import { textOf } from '../../../src/adapters/redis/event-text.ts';
import type { BusEvent } from '../../../src/events/index.ts';

const event = { type: 'market.bar', data: { note: 'ä' } } as unknown as BusEvent;
const bytes = Buffer.byteLength(JSON.stringify(event));

describe('textOf', () => {
  test('gives the event as JSON at exactly the limit, counted in bytes', () => {
    expect(textOf(event, bytes)).toBe(JSON.stringify(event));
    expect(textOf(event, 10 * bytes)).toBe(JSON.stringify(event));
  });

  test('refuses one of a byte more, and says by how much', () => {
    expect(() => textOf(event, bytes - 1)).toThrow(
      `market.bar: expected an event of at most ${bytes - 1} bytes (maxEventBytes), got ${bytes}`,
    );
  });
});
