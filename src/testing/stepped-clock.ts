import { SystemClock } from '../core/clock.ts';
import { ManualClock } from '../core/manual-clock.ts';
import { settleWithin } from '../service/settle-within.ts';

/** Something that goes on when the clock has come so far. */
interface Wait {
  readonly dueMs: number;
  readonly isSleep: boolean;
}

/** Real time in which nothing happens, before a sleep is passed. */
const QUIET_MS = 50;
/** The same before a time limit is: what it limits may be real work, on a socket or a disk. */
const QUIET_BEFORE_LIMIT_MS = 500;
/** Enough for whatever waits on something that waits: sockets take more than one. */
const TURNS = 5;

/** A manual clock that can be moved on as far as something waits for it. What is done each so often waits for nothing. */
export class SteppedClock extends ManualClock {
  readonly #waits = new Set<Wait>();
  readonly #real = new SystemClock();
  #isSleep = false;
  #held = 0;
  #touches = 0;

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#isSleep = true;
    try {
      return super.sleep(ms, signal);
    } finally {
      this.#isSleep = false;
    }
  }

  override deadline(ms: number, onLate: () => void): Disposable {
    const wait = { dueMs: this.monotonicMs() + Math.max(0, ms), isSleep: this.#isSleep };
    this.#waits.add(wait);
    const timer = super.deadline(ms, () => {
      this.#waits.delete(wait);
      onLate();
    });
    return {
      [Symbol.dispose]: () => {
        this.#waits.delete(wait);
        timer[Symbol.dispose]();
      },
    };
  }

  /** Does something that nobody else may move the clock in between. */
  async hold<T>(fn: () => Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await fn();
    } finally {
      this.#held -= 1;
      this.#touches += 1;
    }
  }

  /** Waits for `work`; while nothing happens but that something waits for the clock, moves it there, timer by timer. */
  async through<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    const ended = work.then(over, over);
    for (;;) {
      const [wait, touches] = [this.#next, this.#touches];
      const quietMs = wait?.isSleep === false ? QUIET_BEFORE_LIMIT_MS : QUIET_MS;
      await settleWithin(this.#real, quietMs, () => ended);
      await turns(this);
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it may have ended meanwhile
      if (isOver) return work;
      const isQuiet = this.#held === 0 && this.#touches === touches && this.#next === wait;
      if (isQuiet && wait !== undefined) await this.#pass(wait);
    }
  }

  /** What falls due first. Something that never does is not waited for. */
  get #next(): Wait | undefined {
    return [...this.#waits]
      .filter(({ dueMs }) => Number.isFinite(dueMs))
      .reduce<Wait | undefined>((a, b) => (a !== undefined && a.dueMs <= b.dueMs ? a : b), undefined);
  }

  async #pass(wait: Wait): Promise<void> {
    while (this.#waits.has(wait)) {
      this.advanceTo(this.nextDueMs);
      await this.turn();
    }
  }
}

/** Moves a clock timer by timer, with a turn in between: otherwise a check would be late before it could answer. */
export async function advanceBy(clock: ManualClock, ms: number): Promise<void> {
  await turns(clock);
  const untilMs = clock.nowMs() + ms;
  while (clock.nextDueMs <= untilMs) {
    clock.advanceTo(clock.nextDueMs);
    await clock.turn();
  }
  clock.advanceTo(untilMs);
  await turns(clock);
}

async function turns(clock: ManualClock): Promise<void> {
  for (let i = 0; i < TURNS; i += 1) await clock.turn();
}
