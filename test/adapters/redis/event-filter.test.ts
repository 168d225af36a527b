import { describe, expect, test } from 'vitest';
import { EventFilter } from '../../../src/adapters/redis/event-filter.ts';
import { BAR, CATALOGUE, TICK, eventText } from '../../integration/redis/groups-world.ts';

const filter = new EventFilter(CATALOGUE, [TICK]);
const kind = (text: string): string => {
  const sorted = filter.sort(text);
  return sorted.kind === 'flaw' ? sorted.reason : sorted.kind;
};

describe('EventFilter', () => {
  test.each([
    ['an event of its types', eventText(TICK.type, 'A', 1), 'event'],
    ['an event of another type', eventText(BAR.type, 'A', 1), 'unwanted'],
    [
      'its type in a version that nobody can read',
      eventText(TICK.type, 'A', 1, { dataversion: 9 }),
      'UNKNOWN_VERSION',
    ],
    ['another type in such a version', eventText(BAR.type, 'A', 1, { dataversion: 9 }), 'unwanted'],
    ['its type with data off its schema', eventText(TICK.type, 'A', 1, { data: {} }), 'INVALID'],
    ['another type with such data', eventText(BAR.type, 'A', 1, { data: {} }), 'unwanted'],
    ['a broken envelope of another type', eventText(BAR.type, 'A', 1, { id: '' }), 'INVALID'],
    ['a type that nobody knows', eventText('market.strange', 'A', 1), 'UNKNOWN_TYPE'],
    ['no JSON', '{', 'INVALID'],
    ['JSON that is no object', '7', 'INVALID'],
    ['null', 'null', 'INVALID'],
    ['a type that is no text', eventText(TICK.type, 'A', 1, { type: 7 }), 'INVALID'],
  ])('%s', (_what, text, expected) => {
    expect(kind(text)).toBe(expected);
  });

  test('reads the topics of its types, each once', () => {
    expect(new EventFilter(CATALOGUE, CATALOGUE.types).topics).toEqual(['market', 'order']);
  });
});
