import { Histogram, type PackedHistogram } from '../measure/histogram.ts';
import { type Answer, Connection } from './connection.ts';
import { requestBytes } from './order-request.ts';

export interface LoopRun {
  readonly rate: number;
  readonly seconds: number;
}

/** What became of a run. */
export interface LoopResult {
  readonly due: number;
  /** By what was answered: `accepted`, `denied SPREAD_TOO_WIDE`, `503`, `timeout`, ... */
  readonly outcomes: Readonly<Record<string, number>>;
  /** From the moment an order was due to its answer, of those that were answered at all. */
  readonly intended: PackedHistogram;
  /** From the moment it was sent. */
  readonly sent: PackedHistogram;
  /** How late orders were handed to a connection. */
  readonly late: PackedHistogram;
  readonly fromMs: number;
  readonly toMs: number;
}

const TIMEOUT_MS = 5_000;
const CONNECTIONS = 256;
const SWEEP_MS = 100;

interface Due {
  readonly dueMs: number;
  readonly bytes: Buffer;
}

/**
 * Sends orders at fixed times, whatever the answers take: one that finds no free connection waits for one, and its wait counts.
 * Each run ends at the latest a time-out after its last order was due.
 */
export class OpenLoop {
  readonly #next: () => object;
  #url = new URL('http://127.0.0.1:1');
  #connections: Connection[] = [];
  #free: Connection[] = [];

  constructor(next: () => object) {
    this.#next = next;
  }

  /** Where orders go from now on. */
  target(url: string): void {
    if (url === this.#url.origin) return;
    this.#url = new URL(url);
    const old = this.#connections;
    this.#connections = [];
    this.#free = [];
    for (const one of old) one.close();
  }

  run({ rate, seconds }: LoopRun): Promise<LoopResult> {
    const due = Math.max(1, Math.round(rate * seconds));
    const everyMs = 1_000 / rate;
    const [intended, sent, late] = [new Histogram(), new Histogram(), new Histogram()];
    const outcomes: Record<string, number> = {};
    const waiting: Due[] = [];
    let [made, over] = [0, 0];
    const fromMs = Date.now();
    const startMs = performance.now();
    const { promise, resolve } = Promise.withResolvers<LoopResult>();

    const end = (outcome: string): void => {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      over += 1;
      if (over < due) return;
      clearTimeout(timer);
      clearInterval(sweeping);
      const packed = { intended: intended.pack(), sent: sent.pack(), late: late.pack() };
      resolve({ due, outcomes, ...packed, fromMs, toMs: Date.now() });
    };
    const send = ({ dueMs, bytes }: Due, connection: Connection): void => {
      const sentMs = performance.now();
      late.add(sentMs - dueMs);
      connection.send(bytes, sentMs, (answer) => {
        const nowMs = performance.now();
        if ('status' in answer) {
          intended.add(nowMs - dueMs);
          sent.add(nowMs - sentMs);
        }
        if (this.#connections.includes(connection)) {
          const further = waiting.shift();
          if (further === undefined) this.#free.push(connection);
          else queueMicrotask(() => send(further, connection));
        }
        end(outcomeOf(answer));
      });
    };
    const tick = (): void => {
      const nowMs = performance.now();
      for (; made < due && startMs + made * everyMs <= nowMs; made += 1) {
        const one = { dueMs: startMs + made * everyMs, bytes: requestBytes(this.#url.host, this.#next()) };
        const connection = this.#take();
        if (connection === undefined) waiting.push(one);
        else send(one, connection);
      }
      const waitMs = startMs + made * everyMs - performance.now();
      if (made < due) timer = setTimeout(tick, Math.max(0, waitMs));
    };
    const sweeping = setInterval(() => {
      const beforeMs = performance.now() - TIMEOUT_MS;
      while (waiting[0] !== undefined && waiting[0].dueMs < beforeMs) {
        waiting.shift();
        end('timeout unsent');
      }
      for (const one of this.#connections) one.giveUp(beforeMs);
    }, SWEEP_MS);
    let timer = setTimeout(tick, 0);
    return promise;
  }

  close(): void {
    for (const one of this.#connections) one.close();
  }

  #take(): Connection | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#connections.length >= CONNECTIONS) return free;
    const connection = new Connection(this.#url);
    this.#connections.push(connection);
    return connection;
  }
}

function outcomeOf(answer: Answer): string {
  if ('error' in answer) return answer.error;
  if (answer.status !== 200) return String(answer.status);
  const { kind, denials } = JSON.parse(answer.body) as {
    readonly kind: string;
    readonly denials?: readonly { readonly code: string }[];
  };
  return kind === 'denied' ? `denied ${denials?.[0]?.code ?? ''}` : kind;
}
