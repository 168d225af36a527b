import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import { EmbeddedEventBus } from '../../../src/events/index.ts';
import { catalogue } from '../../cli/support/event-types.ts';
import { events, numbersIn, publishNotes, refuseNotes, ring } from '../../cli/support/events.ts';
import { dataDirectory, filesIn, portcullis, recordsOf, using } from '../../cli/support/data.ts';

/** Runs the bus of a directory as its owner would. */
const running = <T>(path: string, work: (bus: EmbeddedEventBus) => Promise<T>): Promise<T> =>
  using(path, async (directory) => {
    const store = await directory.openStore('state');
    const storage = { openLog: (topic: string) => directory.openLog(`bus-${topic}`), store };
    const bus = await EmbeddedEventBus.open({}, { clock: new SystemClock(), catalogue, storage });
    try {
      return await work(bus);
    } finally {
      await bus.close();
    }
  });

const LOGS = ['--logs', 'bus-'];
const WHY = ['--by', 'ada', '--reason', 'read again'];

/** Fifteen notes and a ring; the first two notes are dead letters of a group. */
async function withBus(): Promise<string> {
  const path = await dataDirectory();
  await running(path, async (bus) => {
    await publishNotes(bus, 0, 2);
    await refuseNotes(bus, 'readers', 2);
    await publishNotes(bus, 2, 15);
    await ring(bus, 100);
  });
  return path;
}

const lettersOf = async (path: string): Promise<string[]> =>
  (await events('dead', 'list', path, ...LOGS)).out.map(
    (line) => (JSON.parse(line) as { letterId: string }).letterId,
  );

describe('events replay of a directory', () => {
  test('prints every event as CloudEvents in JSON', async () => {
    const path = await withBus();
    const { code, out, err } = await events('replay', path, ...LOGS, '--topic', 'note');
    expect([code, err, numbersIn(out)]).toEqual([0, [], Array.from({ length: 15 }, (_, n) => n)]);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      specversion: '1.0',
      type: 'note.taken',
      source: '/events',
      position: '1',
    });
  });

  test.each([
    [['--types', 'bell.rung'], [100]],
    [
      ['--topic', 'note', '--from', '12'],
      [12, 13, 14],
    ],
    [
      ['--topic', 'note', '--limit', '2'],
      [0, 1],
    ],
    [['--since', '2100-01-01T00:00:00Z'], []],
    [['--topic', 'note', '--since', '2020-01-01T00:00:00+01:00', '--limit', '1'], [0]],
  ])('%j gives %j', async (options, numbers) => {
    const path = await withBus();
    const { code, out } = await events('replay', path, ...LOGS, ...options);
    expect([code, numbersIn(out)]).toEqual([0, numbers]);
  });

  test('as text has time, position, type, subject and data', async () => {
    const path = await withBus();
    const { out } = await events('replay', path, ...LOGS, '--topic', 'bell', '--format', 'text');
    expect(out).toEqual([expect.stringMatching(/^\d{4}-.*Z 1 bell\.rung tower \{"n":100\}$/)]);
  });

  test('leaves the directory as it was', async () => {
    const path = await withBus();
    const before = await filesIn(path);
    await events('replay', path, ...LOGS);
    await events('tail', path, ...LOGS);
    await events('dead', 'list', path, ...LOGS);
    const { 'state.db': _, ...logs } = await filesIn(path);
    const { 'state.db': __, ...were } = before;
    expect(logs).toEqual(were);
    const keys = await using(path, async (directory) => (await directory.openStore('state')).list('bus.'));
    expect(keys.some(({ key }) => key.includes('replay'))).toBe(false);
  });

  test('says what the catalogue knows of a type that it does not', async () => {
    const path = await withBus();
    expect(await events('replay', path, ...LOGS, '--types', 'note.burnt')).toEqual({
      ...{ code: 2, out: [] },
      err: ['portcullis: INPUT_INVALID: events: types: note.burnt: expected some of note.taken, bell.rung'],
    });
  });
});

describe('events tail of a directory', () => {
  test.each([
    [[], [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]],
    [
      ['--limit', '2'],
      [13, 14],
    ],
  ])('%j prints the newest, since nothing is published there now', async (options, numbers) => {
    const path = await withBus();
    const { code, out } = await events('tail', path, ...LOGS, '--topic', 'note', ...options);
    expect([code, numbersIn(out)]).toEqual([0, numbers]);
  });
});

describe('events dead beside the state of a bus', () => {
  const stateOf = (path: string): Promise<Record<string, unknown>> =>
    using(path, async (directory) =>
      Object.fromEntries(
        (await (await directory.openStore('state')).list('bus.')).map(({ key, value }) => [key, value]),
      ),
    );

  test('a change writes no places, and leaves it open that the process has died', async () => {
    const path = await withBus();
    await using(path, async (directory) => (await directory.openStore('state')).set('bus.events.open', {}));
    const before = await stateOf(path);
    const [first = '', second = ''] = await lettersOf(path);
    await events('dead', 'discard', path, ...LOGS, '--letters', first, ...WHY);
    await events('dead', 'requeue', path, ...LOGS, '--letters', second, ...WHY);
    const letters = Object.keys(before).filter((key) => key.startsWith('bus.events.letter.'));
    expect(letters).toHaveLength(2);
    expect(await stateOf(path)).toEqual(
      Object.fromEntries(Object.entries(before).filter(([key]) => !letters.includes(key))),
    );
  });

  test('a change with the logs of another bus is refused', async () => {
    const path = await withBus();
    const before = await stateOf(path);
    await using(path, async (directory) => {
      const log = await directory.openLog('other-note');
      await log.append({ e: {}, t: 1 });
    });
    const { code, err } = await events('dead', 'discard', path, '--logs', 'other-', '--letters', '1', ...WHY);
    expect([code, err]).toEqual([
      2,
      [expect.stringMatching(/other-note ends at 1, and events has come to \d+ \(--logs, --bus\)$/)],
    ]);
    expect(await stateOf(path)).toEqual(before);
  });
});

describe('events dead', () => {
  test('list prints letters, and says when more may follow', async () => {
    const path = await withBus();
    const all = await events('dead', 'list', path, ...LOGS, '--group', 'readers', '--format', 'text');
    expect(all.out).toEqual([
      expect.stringMatching(/^\d{4}-.*Z \S+ readers note 1 REFUSED after 1: illegible$/),
      expect.stringMatching(/ readers note 2 REFUSED /),
    ]);
    const [first = '', second] = await lettersOf(path);
    const page = await events('dead', 'list', path, ...LOGS, '--limit', '1');
    expect(page.err).toEqual([`events: 1 letters shown, more may follow: --after ${first}`]);
    const { out } = await events('dead', 'list', path, ...LOGS, '--after', first);
    expect(out.map((line) => (JSON.parse(line) as { letterId: string }).letterId)).toEqual([second]);
  });

  test('requeue gives them to their group once more, and is audited', async () => {
    const path = await withBus();
    const ids = await lettersOf(path);
    expect(await events('dead', 'requeue', path, ...LOGS, '--group', 'readers', ...WHY)).toEqual({
      ...{ code: 0, out: ids, err: [] },
    });
    expect(await lettersOf(path)).toEqual([]);
    const [, record] = await recordsOf(path, 'audit');
    expect(record).toMatchObject({
      kind: 'dead-letters.requeued',
      by: { kind: 'person', id: 'ada' },
      details: { letterIds: ids, reason: 'read again' },
    });
    const again = await running(path, async (bus) => {
      const seen: number[] = [];
      const member = bus.subscribe('readers', '*', ({ data }) => seen.push((data as { n: number }).n));
      await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(15);
      await member.stop();
      return seen;
    });
    expect(again.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, n) => n));
  });

  test('discard removes those that are named, and names those that are not there', async () => {
    const path = await withBus();
    const [first = '', second] = await lettersOf(path);
    expect(await events('dead', 'discard', path, ...LOGS, '--letters', `${first},none`, ...WHY)).toEqual({
      ...{ code: 1, out: [first], err: ['events: there is no letter none'] },
    });
    expect(await lettersOf(path)).toEqual([second]);
    expect((await recordsOf(path, 'audit'))[1]).toMatchObject({ kind: 'dead-letters.discarded' });
  });
});

describe('what is written amiss', () => {
  test.each([
    [['dead', 'discard', '--letters', '1,,2', ...WHY], 'letters: expected names with a comma between'],
    [['dead', 'discard', '--letters', ',', ...WHY], 'letters: expected names with a comma between'],
    [['dead', 'list', '--limit', '1e1'], 'limit: expected a whole number'],
    [['dead', 'list', '--limit', '0'], 'limit: expected 1 or more'],
    [['dead', 'list', '--limit', '1001'], 'limit: expected 1000 or less'],
    [['dead', 'list', '--after', 'zzz'], 'after: there is no letter zzz'],
    [['replay', '--limit', '0x10'], 'limit: expected a whole number'],
    [['replay', '--partitions', '0'], 'partitions: expected 1 or more'],
    [['replay', '--topic', 'note', '--from', 'x'], 'from'],
  ])('%j is refused', async (args, message) => {
    const path = await withBus();
    const letters = await lettersOf(path);
    const { code, out, err } = await events(...args, path, ...LOGS);
    expect([code, out, err[0]]).toEqual([2, [], expect.stringContaining(message)]);
    expect(await lettersOf(path)).toEqual(letters);
  });

  test('a letter that is named twice is changed once', async () => {
    const path = await withBus();
    const [first = ''] = await lettersOf(path);
    const twice = `${first}, ${first}`;
    expect(await events('dead', 'discard', path, ...LOGS, '--letters', twice, ...WHY)).toEqual({
      ...{ code: 0, out: [first], err: [] },
    });
  });

  test('behind the last letter is none, and that is no mistake', async () => {
    const path = await withBus();
    const last = (await lettersOf(path)).at(-1) ?? '';
    expect(await events('dead', 'list', path, ...LOGS, '--after', last)).toEqual({
      ...{ code: 0, out: [], err: [] },
    });
  });

  test('a position with nothing behind it is said', async () => {
    const path = await withBus();
    const { out, err } = await events('replay', path, ...LOGS, '--topic', 'note', '--from', '15');
    expect([out, err]).toEqual([[], ['events: nothing is behind 15']]);
  });
});

test('what a handler says of an event forges no line', async () => {
  const path = await dataDirectory();
  await running(path, async (bus) => {
    await publishNotes(bus, 0, 1);
    await refuseNotes(bus, 'readers', 1, 'bad\n2026 99 readers note \u001b[2K\u202e\u009b1m');
  });
  const { out } = await events('dead', 'list', path, ...LOGS, '--format', 'text');
  expect(out).toEqual([
    expect.stringMatching(/: bad\\u000a2026 99 readers note \\u001b\[2K\\u202e\\u009b1m$/),
  ]);
  const json = await events('dead', 'list', path, ...LOGS);
  expect(json.out[0]).toContain('\\u202e\\u009b1m');
  expect((JSON.parse(json.out[0] ?? '') as { detail: string }).detail).toContain('\u202e\u009b1m');
});

describe('a directory without a bus', () => {
  test.each([['replay'], ['tail'], ['dead list']])(
    'is refused by events %s, and none is made',
    async (verb) => {
      const path = await dataDirectory();
      const before = await filesIn(path);
      const { code, err } = await events(...verb.split(' '), path);
      expect([code, err[0]]).toEqual([
        2,
        `portcullis: FILE_UNREADABLE: ${path}: there is no event bus here: no log of a topic: expected one of note, bell (--logs, --catalogue)`,
      ]);
      expect(await filesIn(path)).toEqual(before);
    },
  );

  test('or without its state takes no change', async () => {
    const path = await withBus();
    await rm(join(path, 'state.db'));
    const { code, err } = await events('dead', 'discard', path, ...LOGS, '--letters', 'x', ...WHY);
    expect([code, err[0]]).toEqual([2, expect.stringContaining('no state store state')]);
    expect((await events('replay', path, ...LOGS, '--topic', 'bell')).code).toBe(0);
  });

  test('that a process works on is refused', async () => {
    const path = await withBus();
    const { code, err } = await running(path, () => events('replay', path, ...LOGS));
    expect([code, err[0]]).toEqual([2, expect.stringContaining('DATA_DIR_LOCKED')]);
  });
});

test('a module without a catalogue is refused', async () => {
  const path = await withBus();
  const module = fileURLToPath(new URL('../../cli/support/data.ts', import.meta.url));
  const { code, err } = await portcullis('events', 'replay', path, ...LOGS, '--catalogue', module);
  expect([code, err]).toEqual([
    2,
    [`portcullis: INPUT_INVALID: events: ${module}: expected one export that is an EventCatalogue, got none`],
  ]);
});
