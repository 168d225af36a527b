import assert from 'node:assert/strict';
import { SystemClock } from '../core/clock.ts';
import type { StateSignals } from '../storage/state-signals.ts';
import { contractCase, type ContractCase } from './contract-case.ts';

/** One pair of signals under test. Each case gets a fresh one, which hears what is announced from now on. */
export interface StateSignalsUnderTest {
  readonly signals: StateSignals;
  /** Those of another process over the same store. Left out where they do not leave the process. */
  readonly other?: StateSignals;
  /** Cuts `signals` off for a while, so that they may miss something, and lets them come back. Left out where nothing can be lost. */
  readonly interrupt?: () => Promise<void>;
  /** Closes and cleans up. */
  dispose(): Promise<void>;
}

const contract = contractCase<StateSignalsUnderTest>;

const clock = new SystemClock();
const PATIENCE_MS = 20_000;

async function until(isSo: () => boolean, what: string): Promise<void> {
  const startMs = clock.monotonicMs();
  while (!isSo()) {
    assert.ok(clock.monotonicMs() - startMs < PATIENCE_MS, `expected ${what} within ${PATIENCE_MS} ms`);
    await clock.sleep(5);
  }
}

/** What has been called, by name. */
class Heard {
  readonly calls: string[] = [];

  readonly as =
    (name: string): (() => void) =>
    () => {
      this.calls.push(name);
    };

  count(name: string): number {
    return this.calls.filter((each) => each === name).length;
  }

  until(name: string, count = 1): Promise<void> {
    return until(() => this.count(name) >= count, `${count} calls of ${name}`);
  }
}

/** What every `StateSignals` has to do. */
export const stateSignalsContract: readonly ContractCase<StateSignalsUnderTest>[] = [
  contract('an announcement from here is heard here', async ({ signals }) => {
    const heard = new Heard();
    signals.onAnnounced('a', heard.as('first'));
    signals.onAnnounced('a', heard.as('second'));
    await signals.announce('a');
    await heard.until('first');
    await heard.until('second');
  }),
  contract('each announcement is heard, one after the other', async ({ signals }) => {
    const heard = new Heard();
    signals.onAnnounced('a', heard.as('a'));
    for (let count = 1; count <= 3; count++) {
      await signals.announce('a');
      await heard.until('a', count);
    }
  }),
  contract('an announcement of another process is heard', async ({ signals, other }) => {
    if (other === undefined) return;
    const heard = new Heard();
    signals.onAnnounced('a', heard.as('a'));
    other.onAnnounced('b', heard.as('b'));
    await other.announce('a');
    await heard.until('a');
    await signals.announce('b');
    await heard.until('b');
  }),
  contract('a listener hears its key only, as it is written', async ({ signals, other = signals }) => {
    const heard = new Heard();
    for (const key of ['a', 'A', 'a/b', 'a*', 'lease:desk:account-1'])
      signals.onAnnounced(key, heard.as(key));
    for (const key of ['a*', 'lease:desk:account-1', 'A']) await other.announce(key);
    await heard.until('A');
    await heard.until('a*');
    await heard.until('lease:desk:account-1');
    assert.deepEqual([...new Set(heard.calls)].sort(), ['A', 'a*', 'lease:desk:account-1']);
  }),
  contract('a key of every visible letter, and as long as may be', async ({ signals, other = signals }) => {
    const letters = Array.from({ length: 0x7e - 0x20 }, (_, at) => String.fromCharCode(0x21 + at)).join('');
    const heard = new Heard();
    for (const key of [letters, 'k'.repeat(256)]) {
      signals.onAnnounced(key, heard.as(key));
      await other.announce(key);
      await heard.until(key);
    }
  }),
  contract(
    'who is disposed hears nothing more, others of the same key do',
    async ({ signals, other = signals }) => {
      const heard = new Heard();
      const listener = heard.as('gone');
      const gone = signals.onAnnounced('a', listener);
      signals.onAnnounced('a', heard.as('stays'));
      gone[Symbol.dispose]();
      gone[Symbol.dispose]();
      await other.announce('a');
      await heard.until('stays');
      assert.equal(heard.count('gone'), 0);
      const again = signals.onAnnounced('a', listener);
      signals.onAnnounced('a', listener);
      again[Symbol.dispose]();
      await other.announce('a');
      await heard.until('gone');
    },
  ),
  contract('a listener that throws keeps no other from hearing', async ({ signals, other = signals }) => {
    const heard = new Heard();
    signals.onAnnounced('a', () => {
      throw new Error('a listener that fails');
    });
    signals.onAnnounced('a', heard.as('a'));
    await signals.announce('a');
    await heard.until('a');
    await other.announce('a');
    await heard.until('a', 2);
  }),
  contract('a listener may leave, or announce, while it is called', async ({ signals }) => {
    const heard = new Heard();
    const once = signals.onAnnounced('a', () => {
      once[Symbol.dispose]();
      heard.calls.push('once');
      void signals.announce('b');
    });
    signals.onAnnounced('b', heard.as('b'));
    await signals.announce('a');
    await heard.until('b');
    await signals.announce('a');
    await signals.announce('b');
    await heard.until('b', 2);
    assert.equal(heard.count('once'), 1);
  }),
  contract(
    'when announcements may have been missed, every listener is called',
    async ({ signals, interrupt, other }) => {
      if (interrupt === undefined) return;
      const heard = new Heard();
      signals.onAnnounced('a', heard.as('a'));
      signals.onAnnounced('b', heard.as('b'));
      await interrupt();
      await heard.until('a');
      await heard.until('b');
      const before = heard.count('a');
      await (other ?? signals).announce('a');
      await heard.until('a', before + 1);
    },
  ),
];
