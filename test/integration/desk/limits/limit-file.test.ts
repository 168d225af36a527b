import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { person } from '../../../../src/core/index.ts';
import { type LimitFileEvent, LimitFileWatch, type LimitFileOptions } from '../../../../src/desk/index.ts';
import {
  ANN,
  type LimitWorldOptions,
  execution,
  failure,
  limitWorld,
  risk,
} from '../../../desk/support/limit-world.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-limits-'));
  path = join(folder, 'limits.json');
});
afterEach(() => rm(folder, { recursive: true }));

const content = (maxPositionNotional: string, rest: object = {}): string =>
  JSON.stringify({ by: 'bob', reason: 'review', risk: risk(maxPositionNotional), ...rest });
const write = (text: string): Promise<void> => writeFile(path, text);

/** A control and a watch over the file, of which nothing has been looked at yet. */
async function watched(given: LimitWorldOptions = {}, options?: LimitFileOptions) {
  const world = await limitWorld(given);
  const told: LimitFileEvent[] = [];
  const watch = new LimitFileWatch(
    path,
    world.control,
    { clock: world.clock, onEvent: (event) => told.push(event) },
    options,
  );
  return {
    ...world,
    watch,
    told,
    get kinds() {
      return told.map(({ kind }) => kind);
    },
    /** Looks as often as a write within the grain of the time stamps may need. */
    async look(times = 3): Promise<void> {
      for (let time = 0; time < times; time += 1) await watch.check();
    },
  };
}

describe('LimitFileWatch', () => {
  test('takes a file in as it stands, with who and why', async () => {
    await write(content('6000', { execution: execution(700) }));
    const { look, told, passes, collared, audit, control } = await watched();
    await look();
    expect(told).toMatchObject([{ kind: 'taken', change: { kind: 'changed' } }]);
    expect([passes(60), passes(61), collared(107), collared(108)]).toEqual([true, false, false, true]);
    expect(audit.events[1]).toMatchObject({
      by: person('bob'),
      reason: 'review',
      fileHash: control.fileHash,
    });
  });

  test('takes in what is written over it', async () => {
    await write(content('6000'));
    const world = await watched();
    await world.look();
    await write(content('7000'));
    await world.look();
    expect([world.kinds, world.passes(70)]).toEqual([['taken', 'taken'], true]);
  });

  test('takes in what is renamed over it', async () => {
    await write(content('6000'));
    const world = await watched();
    await world.look();
    await writeFile(join(folder, 'draft'), content('7000'));
    await rename(join(folder, 'draft'), path);
    await world.look();
    expect([world.kinds, world.passes(70)]).toEqual([['taken', 'taken'], true]);
  });

  test('sees another content of the same size under the same time', async () => {
    await write(content('6000'));
    const at = new Date(1_000_000_000_000);
    await utimes(path, at, at);
    const { look, passes } = await watched();
    await look(1);
    await write(content('7000'));
    await utimes(path, at, at);
    await look();
    expect(passes(70)).toBe(true);
  });

  test('looks by the clock, until it is disposed of', async () => {
    await write(content('6000'));
    const { watch, clock, passes, told } = await watched({}, { everyMs: 250 });
    clock.advance(249);
    expect(told).toEqual([]);
    clock.advance(1);
    await watch.check();
    expect(passes(60)).toBe(true);
    watch[Symbol.dispose]();
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('the same content again changes nothing', async () => {
    await write(content('6000'));
    const world = await watched();
    const { look, control, audit } = world;
    await look();
    await control.change({ risk: risk('3000'), by: ANN, reason: 'storm' });
    const events = audit.events.length;
    await write(content('6000'));
    await look();
    expect([world.kinds, audit.events.length, control.limits.risk['maxPositionNotional']]).toEqual([
      ['taken'],
      events,
      '3000',
    ]);
  });

  test('nor does it after a restart, whatever was changed in another way since', async () => {
    await write(content('6000'));
    const before = await watched();
    await before.look();
    await before.control.change({ risk: risk('3000'), by: ANN, reason: 'storm' });
    const after = await watched({ store: before.scripted });
    await after.look();
    expect([after.told, after.passes(30), after.passes(31)]).toEqual([[], true, false]);
    await write(content('7000'));
    await after.look();
    expect(after.passes(70)).toBe(true);
  });

  test('a file that says what is in force is remembered all the same', async () => {
    await write(content('5000'));
    const before = await watched();
    await before.look();
    expect(before.told).toMatchObject([{ kind: 'taken', change: { differences: [] } }]);
    const between = await watched({ store: before.scripted });
    await between.look();
    expect(between.told).toEqual([]);
    await before.control.change({ risk: risk('3000'), by: ANN, reason: 'storm' });
    const after = await watched({ store: before.scripted });
    await after.look();
    expect([after.told, after.passes(31)]).toEqual([[], false]);
  });
});

describe('LimitFileWatch tells, once, and changes nothing', () => {
  test.each([
    ['half-written', content('6000').slice(0, 40), /expected JSON/],
    ['empty', '', /expected JSON/],
    ['without a name', JSON.stringify({ reason: 'x', risk: risk('6000') }), /by: /],
    ['without a reason', JSON.stringify({ by: 'bob', reason: ' ', risk: risk('6000') }), /reason: /],
    ['misspelt', content('6000', { exection: {} }), /exection/],
    ['without limits', JSON.stringify({ by: 'bob', reason: 'x' }), /expected those of risk/],
    ['out of range', content('-6000'), /maxPositionNotional/],
    ['wrong in a part', content('6000', { execution: { collarBps: 5 } }), /collarBps/],
  ])('of a file that is %s', async (_what, text, message) => {
    await write(text);
    const world = await watched();
    await world.look(5);
    expect(world.told).toMatchObject([
      { kind: 'invalid', error: { message: expect.stringMatching(message) as string } },
    ]);
    expect([world.passes(50), world.passes(51), world.scripted.written]).toEqual([true, false, []]);
    await write(content('6000'));
    await world.look();
    expect([world.kinds, world.passes(60)]).toEqual([['invalid', 'taken'], true]);
  });

  test('of a file that is not there, and of one that disappears', async () => {
    const world = await watched();
    await world.look();
    expect(world.told).toMatchObject([{ kind: 'missing', error: { code: 'FILE_UNREADABLE' } }]);
    await write(content('6000'));
    await world.look();
    await rm(path);
    await world.look();
    expect([world.kinds, world.passes(60)]).toEqual([['missing', 'taken', 'missing'], true]);
  });

  test('of a file that comes back as it was it tells nothing; of the next loss it does', async () => {
    await write(content('6000'));
    const world = await watched();
    await world.look();
    for (let time = 0; time < 2; time += 1) {
      await rm(path);
      await world.look();
      await write(content('6000'));
      await world.look();
    }
    expect(world.kinds).toEqual(['taken', 'missing', 'missing']);
  });
});

describe('LimitFileWatch, a change that fails', () => {
  test('is told once and tried again with every look', async () => {
    await write(content('4000'));
    const world = await watched();
    world.scripted.mode = 'refuse';
    await world.look();
    expect(world.told).toMatchObject([{ kind: 'failed', error: { code: 'STORE_UNAVAILABLE' } }]);
    expect([world.passes(41), world.control.status.kind]).toEqual([false, 'unsettled']);
    world.scripted.mode = 'write';
    await world.look();
    expect([world.kinds, world.control.status.kind]).toEqual([['failed', 'taken'], 'settled']);
  });

  test('is undone by the file of before', async () => {
    await write(content('6000'));
    const world = await watched();
    await world.look();
    world.scripted.mode = 'refuse';
    await write(content('4000'));
    await world.look();
    expect(world.passes(41)).toBe(false);
    world.scripted.mode = 'write';
    await write(content('6000'));
    await world.look();
    expect([world.kinds, world.passes(60)]).toEqual([['taken', 'failed', 'taken'], true]);
  });

  test('because somebody else made one is not tried again', async () => {
    const world = await watched();
    const other = await limitWorld({ store: world.scripted });
    await other.control.change({ risk: risk('3000'), by: ANN, reason: 'storm' });
    await write(content('6000'));
    await world.look(5);
    expect(world.told).toMatchObject([{ kind: 'failed', error: { code: 'LIMITS_CONFLICT' } }]);
    expect([world.passes(30), world.passes(31), world.scripted.written.length]).toEqual([true, false, 1]);
  });

  test('a file that was there first is no word on limits that cannot be read; one that is written then is', async () => {
    const { scripted } = await limitWorld();
    await scripted.set('limits', { version: 9 });
    const both = { execution: execution(500) };
    await write(content('6000', both));
    const world = await watched({ store: scripted });
    await world.look(5);
    expect(world.told).toMatchObject([{ kind: 'failed', error: { code: 'FORMAT_UNSUPPORTED' } }]);
    expect(world.killSwitch.tradingState()).toBe('reducing');
    await write(content('7000', both));
    await world.look();
    expect([world.killSwitch.tradingState(), world.passes(70)]).toEqual(['active', true]);
  });

  test('does not end with a listener that throws', async () => {
    await write('{');
    const { control, clock, passes } = await limitWorld();
    const onEvent = (): never => {
      throw new Error('broken');
    };
    const watch = new LimitFileWatch(path, control, { clock, onEvent });
    await watch.check();
    await write(content('6000'));
    await watch.check();
    expect(passes(60)).toBe(true);
  });

  test('needs no listener', async () => {
    await write('{');
    const { control, clock } = await limitWorld();
    expect(await failure(new LimitFileWatch(path, control, { clock }).check())).toBe('no failure');
  });
});

test('a misspelt option is refused by name', async () => {
  const { control, clock } = await limitWorld();
  expect(() => new LimitFileWatch(path, control, { clock }, { every: 1 } as never)).toThrow(/every/);
});
