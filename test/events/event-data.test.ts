import { describe, expect, test } from 'vitest';
import { eventData } from '../../src/events/event-data.ts';

const circle = (): unknown => {
  const self: Record<string, unknown> = {};
  self['self'] = self;
  return self;
};

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { in: value };
  return value;
};

class Amount {
  readonly units = 1;
}

describe('eventData', () => {
  test.each([
    ['a date', { at: new Date(0) }, 'data.at: expected what JSON can hold, got an instance of Date'],
    ['a bigint', { n: 1n }, 'data.n: expected what JSON can hold, got bigint'],
    ['NaN', { n: NaN }, 'data.n: expected what JSON can hold, got NaN'],
    ['an infinity', [{ n: Infinity }], 'data[0].n: expected what JSON can hold, got Infinity'],
    ['a function', { f: () => 1 }, 'data.f: expected what JSON can hold, got function'],
    [
      'undefined in an array',
      { list: [1, undefined] },
      'data.list[1]: expected what JSON can hold, got undefined',
    ],
    ['nothing at all', undefined, 'data: expected what JSON can hold, got undefined'],
    ['an instance', new Amount(), 'data: expected what JSON can hold, got an instance of Amount'],
    ['bytes', { b: new Uint8Array(1) }, 'data.b: expected what JSON can hold, got an instance of Uint8Array'],
  ])('refuses %s, and says where it is', (_name, value, message) => {
    expect(() => eventData('thing.happened', value, {})).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: `thing.happened: ${message}` }) as Error,
    );
  });

  test('refuses what contains itself, and takes 64 levels', () => {
    expect(() => eventData('t', circle(), {})).toThrow('more than 64 levels');
    expect(() => eventData('t', nested(65), {})).toThrow('more than 64 levels');
    expect(eventData('t', nested(64), {})).toEqual(nested(64));
  });

  test.each([null, 'text', 1, true, { a: undefined, b: null }, [], [[1], { c: 'd' }]])(
    'takes %j',
    (value) => {
      expect(eventData('t', value, structuredClone(value))).toEqual(value);
    },
  );

  test('freezes it all through', () => {
    const data = eventData('t', { flat: 1, parts: [{ n: 1 }] }, {});
    expect([data, data.parts, data.parts[0]].every((part) => Object.isFrozen(part))).toBe(true);
  });

  test.each(['whole', 'part'])('copies what was handed on as it was given: %s', (how) => {
    const given = { part: { n: 1 } };
    const read = how === 'whole' ? given : { ...given };
    const data = eventData('t', read, given);
    given.part.n = 2;
    expect(data).toEqual({ part: { n: 1 } });
  });
});
