import { describe, expect, test } from 'vitest';
import { system } from '../../../src/core/index.ts';
import { type Monitor, Watch, type WatchOptions } from '../../../src/risk/index.ts';
import { DAY_MS, tripping } from '../support/trips.ts';

/** A monitor that counts how often it looked, and throws when told to. */
class Counting implements Monitor {
  readonly name: string;
  looks = 0;
  error: unknown;

  constructor(name = 'counting') {
    this.name = name;
  }

  check(): void {
    this.looks += 1;
    if (this.error !== undefined) throw this.error;
  }
}

function watching(options: WatchOptions = {}) {
  const setup = tripping();
  const monitors = [new Counting('first'), new Counting('second')] as const;
  return { ...setup, monitors, watch: new Watch(options, { ...setup, monitors }) };
}

describe('Watch', () => {
  test('lets every monitor look when told to', () => {
    const { watch, monitors } = watching();
    watch.check();
    expect(monitors.map(({ looks }) => looks)).toEqual([1, 1]);
  });

  test('does not look by itself before it is started', () => {
    const { clock, monitors } = watching();
    clock.advance(DAY_MS);
    expect(monitors[0].looks).toBe(0);
  });

  test('looks at its interval once it is started, however often', () => {
    const { watch, clock, monitors } = watching({ everyMs: 50 });
    watch.start();
    watch.start();
    clock.advance(49);
    const before = monitors[0].looks;
    clock.advance(1);
    expect([before, monitors[0].looks]).toEqual([0, 1]);
  });

  test('looks no more once it is stopped, and can be started again', () => {
    const { watch, clock, monitors } = watching();
    watch.start();
    clock.advance(1_000);
    watch.stop();
    watch.stop();
    clock.advance(5_000);
    const stopped = monitors[0].looks;
    watch.start();
    clock.advance(1_000);
    expect([stopped, monitors[0].looks]).toEqual([1, 2]);
  });

  test('a monitor that throws restricts the firm in its own name, where others kept quoting', () => {
    const { watch, monitors, trips } = watching();
    monitors[0].error = new TypeError("cannot read 'equity'");
    watch.check();
    expect(trips).toEqual([
      {
        to: 'reducing',
        reason: "the monitor failed, so what it watches is not known: cannot read 'equity'",
        by: system('first'),
      },
    ]);
  });

  test('stops none of the others, and goes on looking', () => {
    const { watch, clock, monitors } = watching();
    monitors[0].error = 'a bug that is no Error';
    watch.start();
    clock.advance(3_000);
    expect(monitors.map(({ looks }) => looks)).toEqual([3, 3]);
  });

  test('restricts once until it works again', () => {
    const { watch, monitors, trips } = watching();
    const throwing = [true, true, false, true, true];
    for (const now of throwing) {
      monitors[0].error = now ? new Error('a bug') : undefined;
      watch.check();
    }
    expect(trips.length).toBe(2);
  });

  test('each monitor restricts for itself', () => {
    const { watch, monitors, trips } = watching();
    for (const monitor of monitors) monitor.error = new Error('a bug');
    watch.check();
    expect(trips.map(({ by }) => by.id)).toEqual(['first', 'second']);
  });

  test.each([0, -1, NaN])('refuses an interval of %s by name', (everyMs) => {
    expect(() => watching({ everyMs })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('everyMs') as string,
      }),
    );
  });
});
