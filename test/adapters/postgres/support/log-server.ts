import { ManualClock, PortcullisError } from '../../../../src/core/index.ts';
import { type Ask, headOf, type LogHead, takeLog } from '../../../../src/adapters/postgres/log-table.ts';

/** Time passes as soon as somebody waits for it. */
export class PassingClock extends ManualClock {
  override sleep(ms: number): Promise<void> {
    this.advance(ms);
    return Promise.resolve();
  }
}

/**
 * What happens to one statement: it is answered; it never arrives; it is done and the answer is lost; it is not done before the next one,
 * since it was on its way when the connection broke; or the server says no, for now or for good.
 */
export type Fate = 'answered' | 'lost' | 'answer lost' | 'late' | 'not now' | 'never';

const error = (retryable: boolean, sqlState?: string) =>
  new PortcullisError('STORE_UNAVAILABLE', 'the test says so', {
    retryable,
    ...(sqlState === undefined ? {} : { details: { sqlState } }),
  });

/** The tables of one log, as the statements of `log-table.ts` change them. */
export class LogServer {
  head: LogHead = { logId: 1, firstSeq: 1, lastSeq: 0, fence: 0, owner: '' };
  readonly records = new Map<number, string>();
  /** Statements so far, by the word they begin with. */
  readonly asked: string[] = [];
  /** What happens to the statements to come, the next first; afterwards all are answered. */
  fates: Fate[] = [];
  #late: (() => void)[] = [];

  readonly ask: Ask = async (sql, values) => {
    await Promise.resolve();
    this.asked.push(/\w+/.exec(sql)?.[0] ?? '');
    const fate = this.fates.shift() ?? 'answered';
    if (fate === 'late') {
      this.#late.push(() => void this.#do(sql, values));
      throw error(true);
    }
    if (fate === 'lost') throw error(true);
    if (fate === 'not now') throw error(true, '53100');
    if (fate === 'never') throw error(false, '42P01');
    // What was on its way comes in after this one has been dealt with, or before it: both can be.
    const late = this.#late.splice(0);
    const isFirst = this.asked.length % 2 === 0;
    if (isFirst) for (const run of late) run();
    const rows = this.#do(sql, values) as never[];
    if (!isFirst) for (const run of late) run();
    if (fate === 'answer lost') throw error(true);
    return { rows, count: rows.length };
  };

  take(owner: string, fence = 0): Promise<LogHead | undefined> {
    return takeLog(this.ask, 'journal', { owner, fence, firstSeq: 1 });
  }

  headNow(): Promise<LogHead | undefined> {
    return headOf(this.ask, 'journal');
  }

  get texts(): string[] {
    return [...this.records].sort(([a], [b]) => a - b).map(([, text]) => text);
  }

  #do(sql: string, values: readonly unknown[]): unknown[] {
    if (sql.trimStart().startsWith('INSERT')) return this.#take(values as [string, string, number]);
    if (sql.trimStart().startsWith('SELECT')) return [this.head];
    if (sql.trimStart().startsWith('UPDATE')) return this.#confirm(values as [number, string]);
    return this.#write(values as [number, string, number, readonly string[]]);
  }

  #take([, owner, fence]: [string, string, number]): unknown[] {
    if (this.head.fence > fence) return [];
    this.head = { ...this.head, owner, fence };
    return [this.head];
  }

  #confirm([logId, owner]: [number, string]): unknown[] {
    return this.head.logId === logId && this.head.owner === owner ? [{ lastSeq: this.head.lastSeq }] : [];
  }

  #write([, owner, afterSeq, texts]: [number, string, number, readonly string[]]): unknown[] {
    if (this.head.owner !== owner || this.head.lastSeq !== afterSeq) return [];
    texts.forEach((text, at) => this.records.set(afterSeq + at + 1, text));
    this.head = { ...this.head, lastSeq: afterSeq + texts.length };
    return [...texts];
  }
}
