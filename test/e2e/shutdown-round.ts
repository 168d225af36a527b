import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StopReport } from '../../src/service/index.ts';
import { Connection } from './shutdown-connection.ts';

const SERVICE = fileURLToPath(new URL('shutdown-service.ts', import.meta.url));
const POLL_MS = 20;
/** Requests on each connection before anything is measured. */
const WARM_UP = 10;
/** Takes from 0 to that, in turn. */
const MAX_WORK_MS = 20;

export interface RoundOptions {
  readonly drainDelayMs: number;
  readonly connections: number;
  readonly requestsPerSec: number;
  /** From the first request to the signal. */
  readonly signalAfterMs: number;
  /** How long requests take that are made right before the signal, and how many. */
  readonly slow: { readonly count: number; readonly ms: number };
}

/** What was seen from outside. Times are milliseconds since the signal. */
export interface Round {
  /** Requests with an answer 200, and how many there were per second up to the signal. */
  readonly answered: number;
  readonly perSec: number;
  /** What became of the others. */
  readonly failures: readonly string[];
  /** Whether each of the slow ones was told that its connection closes. */
  readonly slowClosed: readonly boolean[];
  /** Of `/ready`, each new answer once. */
  readonly ready: readonly number[];
  /** All that `/live` answered. */
  readonly live: readonly number[];
  readonly notReadyMs: number;
  /** The first connection that was refused. */
  readonly refusedMs: number;
  readonly lastAnswerMs: number;
  readonly endedMs: number;
  /** The longest that the machine let a timer of this process, or the service, wait for a core meanwhile. */
  readonly stalledMs: number;
  /** How long the service waited for a core in all; 0 where the system does not say. */
  readonly starvedMs: number;
  readonly code: number | null;
  readonly report: Pick<StopReport, 'forced' | 'steps'>;
  /** Log lines about requests that were no probes. */
  readonly logged: number;
}

interface Line {
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** Puts a service under load from behind a load balancer, ends it with SIGTERM, and says what was seen of that. */
export async function shutdownRound(options: RoundOptions): Promise<Round> {
  const { drainDelayMs, connections, requestsPerSec, signalAfterMs, slow } = options;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', SERVICE, String(drainDelayMs)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
    const lines = (): Line[] =>
      log
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line);
    while (!log.includes('\n')) await once(child.stdout, 'data');
    const address = lines()[0]?.['address'] as string;
    const balancer = new Balancer(address);
    const opened = await Promise.all(Array.from({ length: connections }, () => Connection.open(address)));
    // What is measured is a service that has run for a while.
    for (let times = 0; times < WARM_UP; times += 1)
      await Promise.all(opened.map((connection) => connection.get('/work/0')));

    const startMs = performance.now();
    const everyMs = (connections / requestsPerSec) * 1000;
    const clients = opened.map((connection, i) =>
      balancer.client(connection, everyMs, (i / connections) * everyMs),
    );
    const polling = balancer.poll();
    await sleep(signalAfterMs);
    const slowOnes = Array.from({ length: slow.count }, () => balancer.ask(`/work/${slow.ms}`));
    await sleep(POLL_MS);

    const signalMs = performance.now();
    const { answered } = balancer;
    const ended = once(child, 'exit').then(() => performance.now() - signalMs);
    const closed = once(child, 'close');
    const stalled = watchStalls();
    const starved = watchStarvation(child.pid);
    child.kill('SIGTERM');
    const endedMs = await ended;
    const { longestMs, totalMs } = starved();
    const stalledMs = Math.max(stalled(), longestMs);
    await Promise.all([closed, polling, ...clients]);
    const slowClosed = await Promise.all(slowOnes);
    const since = (ms: number): number => ms - signalMs;
    const written = lines();
    return {
      answered: balancer.answered,
      perSec: (answered / (signalMs - startMs)) * 1000,
      failures: balancer.failures,
      slowClosed,
      ready: balancer.ready,
      live: balancer.live,
      notReadyMs: since(balancer.notReadyMs),
      refusedMs: since(balancer.refusedMs),
      lastAnswerMs: since(balancer.lastAnswerMs),
      endedMs,
      stalledMs,
      starvedMs: totalMs,
      code: child.exitCode,
      report: written.findLast(({ msg }) => msg === 'stopped') as unknown as StopReport,
      logged:
        written.filter(({ msg, route }) => msg === 'request' && route === '/work/:ms').length -
        WARM_UP * connections,
    };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Hands requests out to one backend for as long as it says that it is ready. */
class Balancer {
  readonly #address: string;
  readonly failures: string[] = [];
  readonly ready: number[] = [];
  readonly live: number[] = [];
  answered = 0;
  notReadyMs = Infinity;
  refusedMs = Infinity;
  lastAnswerMs = -Infinity;
  #asked = 0;

  constructor(address: string) {
    this.#address = address;
  }

  /** Asks `/ready` and `/live` on connections of their own until nobody listens any more. */
  async poll(): Promise<void> {
    for (;;) {
      try {
        const ready = await this.#probe('/ready');
        if (ready !== this.ready.at(-1)) this.ready.push(ready);
        if (ready !== 200) this.notReadyMs = Math.min(this.notReadyMs, performance.now());
        this.live.push(await this.#probe('/live'));
      } catch {
        this.refusedMs = performance.now();
        return;
      }
      await sleep(POLL_MS);
    }
  }

  /** One request each `everyMs` over a connection that is kept for as long as it may be. */
  async client(opened: Connection, everyMs: number, phaseMs: number): Promise<void> {
    let connection: Connection | undefined = opened;
    const startMs = performance.now() + phaseMs;
    for (let turn = 0; ; turn += 1) {
      await sleep(Math.max(0, startMs + turn * everyMs - performance.now()));
      if (!this.#isReady) break;
      this.#asked += 1;
      connection = await this.#get(`/work/${this.#asked % MAX_WORK_MS}`, connection);
    }
    connection?.close();
  }

  /** One request over a connection of its own. Whether the answer said that it closes. */
  async ask(path: string): Promise<boolean> {
    const connection = await this.#get(path);
    const isClosed = connection?.isUsable === false;
    connection?.close();
    return isClosed;
  }

  get #isReady(): boolean {
    return Math.min(this.notReadyMs, this.refusedMs) === Infinity;
  }

  async #get(path: string, kept?: Connection): Promise<Connection | undefined> {
    try {
      if (kept?.isUsable !== true) kept?.close();
      const connection = kept?.isUsable === true ? kept : await Connection.open(this.#address);
      const { status, body } = await connection.get(path);
      if (status !== 200 || body !== '{"ok":true}') throw new Error(`answered ${status} ${body}`);
      this.answered += 1;
      this.lastAnswerMs = performance.now();
      return connection;
    } catch (error) {
      this.failures.push(`${path}: ${String(error)}`);
      return undefined;
    }
  }

  async #probe(path: string): Promise<number> {
    const connection = await Connection.open(this.#address);
    try {
      return (await connection.get(path)).status;
    } finally {
      connection.close();
    }
  }
}

const TICK_MS = 5;

/** How late timers fire. */
function watchStalls(): () => number {
  let [lastMs, longestMs] = [performance.now(), 0];
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs - TICK_MS);
    lastMs = nowMs;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return longestMs;
  };
}

/** How long the main thread of a process waits for a core from now on, in all and at a time; as seen last, when it is gone. */
function watchStarvation(pid: number | undefined): () => { longestMs: number; totalMs: number } {
  const waited = (): number => {
    try {
      const [, waitedNs] = readFileSync(`/proc/${String(pid)}/schedstat`, 'utf8').split(' ');
      return Number(waitedNs) / 1e6;
    } catch {
      return Number.NaN;
    }
  };
  const before = waited();
  let [last, longestMs] = [before, 0];
  const timer = setInterval(() => {
    const now = waited();
    if (!(now > last)) return;
    longestMs = Math.max(longestMs, now - last);
    last = now;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return { longestMs, totalMs: Number.isNaN(before) ? 0 : last - before };
  };
}
