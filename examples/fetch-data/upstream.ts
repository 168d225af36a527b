import type { Clock } from 'portcullis';
import { BINANCE_SPOT, type SourceOptions } from 'portcullis/resilience';
import { type FaultRequest, FaultServer, type HttpFault, httpFaults } from 'portcullis/testing';

const banned = httpFaults.comeBackLater({ retryAfter: 1 });

/** What goes wrong until when, milliseconds, one after the other; `down` refuses connections. */
const SCHEDULE: readonly (readonly [untilMs: number, what: string, fault?: HttpFault | 'down'])[] = [
  [1_500, 'is well'],
  [2_200, 'answers 503', { status: 503 }],
  [3_000, 'is well'],
  [3_200, 'answers 429: come back in 1 s', banned],
  [5_000, 'is well'],
  [5_700, 'says nothing', { fault: 'hang', at: 'before-headers' }],
  [6_500, 'is well'],
  [7_000, 'answers garbage', httpFaults.garbageJson()],
  [8_000, 'is well'],
  [9_200, 'is not there', 'down'],
  [10_500, 'is well'],
];

/** A source on this machine that speaks as Binance does, and misbehaves by the schedule. */
export class Upstream {
  readonly durationMs = SCHEDULE.at(-1)?.[0] ?? 0;
  readonly server: FaultServer;
  readonly #elapsedMs: () => number;
  #what = 'is well';

  private constructor(server: FaultServer, clock: Clock) {
    const startMs = clock.monotonicMs();
    this.server = server;
    this.#elapsedMs = () => clock.monotonicMs() - startMs;
    server.script((asked) => {
      const fault = this.#now?.[2];
      return fault === undefined || fault === 'down' ? answer(asked, Math.floor(clock.nowMs())) : fault;
    });
  }

  static async open(clock: Clock): Promise<Upstream> {
    return new Upstream(await FaultServer.listen(), clock);
  }

  /** The preset, but smaller: a limit that three callers reach, and times that fit into ten seconds. */
  get source(): SourceOptions {
    const bucket = { name: 'request-weight', capacity: 10, refillPerSecond: 60, windowLimit: 6_000 };
    return {
      ...BINANCE_SPOT,
      baseUrl: this.server.url,
      http: { allowPrivateAddresses: ['127.0.0.1/32'] },
      rateLimit: { buckets: [bucket] },
      attemptTimeoutMs: 250,
      timeoutMs: 1_000,
      retry: { baseDelayMs: 20, maxDelayMs: 200 },
      breaker: { minCalls: 5, windowMs: 1_000, openMs: 300, maxOpenMs: 500 },
    };
  }

  /** Puts the schedule into effect. @returns what it does from now on, if that has changed */
  async tick(): Promise<string | undefined> {
    const [, what = this.#what, fault] = this.#now ?? [];
    if (what === this.#what) return undefined;
    this.#what = what;
    await (fault === 'down' ? this.server.down() : this.server.up());
    return what;
  }

  get #now(): (typeof SCHEDULE)[number] | undefined {
    return SCHEDULE.find(([untilMs]) => this.#elapsedMs() < untilMs);
  }
}

function answer({ url }: FaultRequest, nowMs: number): HttpFault {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  if (pathname === '/api/v3/time') return { body: { serverTime: nowMs } };
  if (pathname === '/api/v3/depth') return { body: { lastUpdateId: 1, bids: [['99.99', '1']], asks: [] } };
  if (pathname !== '/api/v3/klines') return { status: 404, body: { msg: 'no such path' } };
  const count = Number(searchParams.get('limit') ?? 500);
  const klines = Array.from({ length: count }, (_, at) => {
    const openMs = nowMs - (nowMs % 60_000) - 60_000 * (count - 1 - at);
    return [openMs, '100.00', '101.00', '99.00', '100.50', '12.5', openMs + 59_999];
  });
  return { body: klines };
}
