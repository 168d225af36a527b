import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type BusEvent, TRADING_EVENTS } from '../../../src/events/index.ts';

const FOLDER = new URL('../../golden/events/', import.meta.url);

/** Each file is an event as a bus has kept it. They stay as they are for ever: a new version of a type adds one. */
const goldens = readdirSync(FOLDER).map((file) => ({
  file,
  text: readFileSync(new URL(file, FOLDER), 'utf8'),
}));

describe('events that were written once', () => {
  test('there is one of every type, of every version that is still read', () => {
    const expected = TRADING_EVENTS.types.flatMap(({ type, version, previous }) =>
      [version, ...previous.map((older) => older.version)].map((each) => `${type}.v${each}.json`),
    );
    expect(goldens.map(({ file }) => file).sort()).toEqual(expected.sort());
  });

  test.each(goldens)(
    '$file can be read, and is of the type and version that it is named after',
    ({ file, text }) => {
      const written = JSON.parse(text) as BusEvent;
      expect(`${written.type}.v${written.dataversion}.json`).toBe(file);
      const read = TRADING_EVENTS.read(text);
      const now = TRADING_EVENTS.get(written.type);
      expect(read).toEqual({
        kind: 'event',
        event:
          written.dataversion === now?.version
            ? written
            : { ...written, dataversion: now?.version, data: expect.anything() as unknown },
      });
    },
  );

  test.each(goldens)('$file has subject and key as its type gives them', ({ text }) => {
    const { type, subject, partitionkey, data, dataversion } = JSON.parse(text) as BusEvent;
    const now = TRADING_EVENTS.get(type);
    if (dataversion !== now?.version) return;
    const key = now.key(data);
    expect({ subject, partitionkey }).toEqual({
      subject: now.subject(data),
      partitionkey: key === subject ? undefined : key,
    });
  });
});
