import { ManualClock } from 'portcullis/core';
import type { LeaseHold } from 'portcullis/storage';
import { silentLogger } from 'portcullis/telemetry';
import { describe, expect, test, vi } from 'vitest';
import { Standby, type Tenancy } from '../../trading/standby.ts';

/** A lease that a test gives and takes. */
class ToyHold implements LeaseHold {
  readonly name = 'desk:main';
  readonly owner = 'trading-1';
  readonly token = 1;
  isReleased = false;
  #isHeld = true;
  #listeners: ((reason: string) => void)[] = [];

  isHeld(): boolean {
    return this.#isHeld;
  }

  onLost(listener: (reason: string) => void): Disposable {
    this.#listeners.push(listener);
    return { [Symbol.dispose]: () => undefined };
  }

  release(): Promise<void> {
    this.isReleased = true;
    this.#isHeld = false;
    return Promise.resolve();
  }

  lose(): void {
    this.#isHeld = false;
    for (const listener of this.#listeners) listener('frozen');
  }
}

function world(open?: () => Promise<Tenancy>, onFailed?: (reason: string) => void) {
  const clock = new ManualClock();
  const said: string[] = [];
  const holds: ToyHold[] = [];
  const over = new AbortController();
  const waiting: ((hold: LeaseHold) => void)[] = [];
  const standby = new Standby<Tenancy>({
    clock,
    logger: silentLogger,
    lease: {
      acquire: (signal) =>
        new Promise((resolve, reject) => {
          waiting.push(resolve);
          signal?.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        }),
    },
    open:
      open ??
      (() => {
        said.push('opened');
        return Promise.resolve({
          close: () => {
            said.push('closed');
            return Promise.resolve();
          },
        });
      }),
    onLost: (reason) => said.push(`lost: ${reason}`),
    onFailed,
  });
  const running = standby.run(over.signal);
  const give = async (): Promise<ToyHold> => {
    await vi.waitFor(() => {
      expect(waiting).not.toHaveLength(0);
    });
    const hold = new ToyHold();
    holds.push(hold);
    waiting.shift()?.(hold);
    return hold;
  };
  return { clock, said, over, standby, running, give };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Standby', () => {
  test('opens with the lease, and closes before it lets go of it', async () => {
    const { give, standby, said, over, running } = world();
    const hold = await give();
    await turn();
    expect(standby.active).toBeDefined();
    over.abort();
    await running;
    expect(said).toEqual(['opened', 'closed']);
    expect([standby.active, hold.isReleased]).toEqual([undefined, true]);
  });

  test('is not active from the tick on in which the lease is lost, closes, and waits for the next', async () => {
    const { give, standby, said, over, running } = world();
    const hold = await give();
    await turn();
    hold.lose();
    expect(standby.active).toBeUndefined();
    await give();
    await turn();
    expect(standby.active).toBeDefined();
    over.abort();
    await running;
    expect(said).toEqual(['opened', 'lost: frozen', 'closed', 'opened', 'closed']);
  });

  test('lets go of the lease when it cannot open, and tries again', async () => {
    let tries = 0;
    const { give, standby, over, running, clock } = world(() => {
      tries += 1;
      return tries === 1
        ? Promise.reject(new Error('no disk'))
        : Promise.resolve({ close: () => Promise.resolve() });
    });
    const hold = await give();
    await turn();
    expect([hold.isReleased, standby.active]).toEqual([true, undefined]);
    clock.advance(500);
    await give();
    await turn();
    expect(standby.active).toBeDefined();
    over.abort();
    await running;
  });

  test('never becomes active under a lease that was lost while it opened', async () => {
    const opening = Promise.withResolvers<{ close(): Promise<void> }>();
    const { give, standby, over, running } = world(() => opening.promise);
    const hold = await give();
    await turn();
    hold.lose();
    opening.resolve({ close: () => Promise.resolve() });
    await turn();
    expect(standby.active).toBeUndefined();
    over.abort();
    await running;
  });

  test('ends while it waits', async () => {
    const { over, running, said } = world();
    over.abort();
    await running;
    expect(said).toEqual([]);
  });

  test('closes what has failed, lets go of the lease, then says so, and waits for it no more', async () => {
    const failed = Promise.withResolvers<string>();
    const closing = Promise.withResolvers<undefined>();
    const said: string[] = [];
    const tenancy = { failed: failed.promise, close: () => closing.promise };
    const { give, standby, running } = world(
      () => Promise.resolve(tenancy),
      (reason) => said.push(reason),
    );
    const hold = await give();
    await turn();
    failed.resolve('journal: no server');
    await turn();
    expect([standby.active, standby.problem, hold.isReleased]).toEqual([
      undefined,
      'journal: no server',
      false,
    ]);
    expect(said).toEqual([]);
    closing.resolve(undefined);
    await running;
    expect([hold.isReleased, said]).toEqual([true, ['journal: no server']]);
  });

  test('where nobody ends it, it tries again after what has failed', async () => {
    let times = 0;
    const { give, standby, over, running, clock } = world(() => {
      times += 1;
      const failed =
        times === 1 ? Promise.resolve('journal: disk full') : new Promise<string>(() => undefined);
      return Promise.resolve({ failed, close: () => Promise.resolve() });
    });
    await give();
    await turn();
    clock.advance(500);
    await give();
    await turn();
    expect([standby.active !== undefined, standby.problem]).toEqual([true, undefined]);
    over.abort();
    await running;
  });

  test('what could not be opened is a problem until another one must have it', async () => {
    const { give, standby, over, running, clock } = world(() => Promise.reject(new Error('no server')));
    await give();
    await turn();
    expect(standby.problem).toBe('Error: no server');
    clock.advance(14_999);
    expect(standby.problem).toBe('Error: no server');
    clock.advance(1);
    expect(standby.problem).toBeUndefined();
    over.abort();
    await running;
  });
});
