import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { type Logger, type MetricsRegistry, traceHeaders } from '../../telemetry/index.ts';
import { isAborted } from '../call-within.ts';
import type { Call } from '../call.ts';
import { type Failure, aborted } from '../failure.ts';
import type { HttpAnswer, HttpRequest } from '../http/http-message.ts';
import { HttpTransport, type Lookup } from '../http/http-transport.ts';
import { type Outcome, failed, success } from '../outcome.ts';
import { pipeline } from '../pipeline.ts';
import { Bulkhead } from '../policies/bulkhead.ts';
import { CircuitBreaker } from '../policies/circuit-breaker.ts';
import { Hedge } from '../policies/hedge.ts';
import { RateLimiter } from '../policies/rate-limiter.ts';
import { Retry } from '../policies/retry.ts';
import type { SharedRate } from '../policies/shared-rate.ts';
import { Timeout } from '../policies/timeout.ts';
import type { Policy } from '../policy.ts';
import type { AskedRequest } from './asked-request.ts';
import { ServerClock, type ServerClockOffset } from './server-clock.ts';
import type { Signer } from './signer.ts';
import type { SourceSettings } from './source-options.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface SourceDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry | undefined;
  readonly signer?: Signer | undefined;
  readonly lookup?: Lookup | undefined;
  readonly sharedRate?: SharedRate | undefined;
}

/** What a source answered: parsed, and with what a cache has to know. */
export interface SourceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; text where it is not JSON; undefined without a body. */
  readonly data: unknown;
}

/** A breaker that opens only when a person says so. */
const NEVER_BY_ITSELF = { minCalls: Number.MAX_SAFE_INTEGER } as const;

/** One source with its connections and its policies. */
export class Source {
  readonly name: string;
  readonly settings: SourceSettings;
  /** Stands before the path of every endpoint. */
  readonly basePath: string;
  readonly breaker: CircuitBreaker;
  readonly limiter: RateLimiter | undefined;
  readonly #deps: SourceDeps;
  readonly #origin: string;
  readonly #transport: HttpTransport;
  readonly #serverClock = new ServerClock();
  #lastDate = { text: '', ms: NaN };
  /** Nothing is sent before, on the monotonic clock. */
  #bannedUntilMs = -Infinity;
  readonly #total: Timeout;
  readonly #policies: Policy;
  /** The same with a hedge, for what may be sent twice. */
  readonly #hedged: Policy;

  constructor(name: string, settings: SourceSettings, deps: SourceDeps) {
    const { clock, random, metrics, logger } = deps;
    const { rateLimit, retry, breaker, bulkhead, hedge, timeoutMs, attemptTimeoutMs, http } = settings;
    const base = baseOf(settings.baseUrl);
    this.#origin = base.origin;
    this.basePath = base.pathname.replace(/\/$/u, '');
    this.name = name;
    this.settings = settings;
    this.#deps = deps;
    this.#transport = new HttpTransport(http, { clock, lookup: deps.lookup });
    this.breaker = new CircuitBreaker(
      { ...(breaker === false ? NEVER_BY_ITSELF : breaker), name },
      {
        clock,
        random,
        metrics,
        onChange: ({ from, to, because }) => {
          logger.warn({ source: name, from, to, because }, 'circuit breaker');
        },
      },
    );
    const slots =
      bulkhead === false
        ? undefined
        : new Bulkhead(
            { maxConcurrent: this.#transport.connections, maxQueued: 1_000, ...bulkhead, name },
            {
              clock,
              metrics,
              recheck: (call) => this.breaker.recheck(call),
              onFree: () => this.limiter?.roomMade(),
            },
          );
    this.limiter =
      rateLimit &&
      new RateLimiter({ ...rateLimit, name }, { clock, metrics, room: slots, shared: deps.sharedRate });
    this.#total = new Timeout({ timeoutMs, scope: 'total', name }, { clock, metrics });
    const before = (call: Call): Promise<Failure | undefined> => this.#tokens(call);
    const policies = {
      rateLimit: this.limiter,
      totalTimeout: this.#total,
      retry: retry === false ? undefined : new Retry({ ...retry, name }, { clock, random, metrics, before }),
      breaker: this.breaker,
      bulkhead: slots,
      attemptTimeout: new Timeout(
        { timeoutMs: attemptTimeoutMs, scope: 'attempt', name },
        { clock, metrics },
      ),
    };
    this.#policies = pipeline(policies);
    this.#hedged =
      hedge === undefined
        ? this.#policies
        : pipeline({ ...policies, hedge: new Hedge({ ...hedge, name }, { clock, metrics, before }) });
  }

  /** Asks under all policies of the source. */
  ask(request: AskedRequest, call: Call): Promise<Outcome<SourceAnswer>> {
    // It would be refused further in, having waited for its tokens and spent them.
    const refused = this.breaker.refusal();
    if (refused !== undefined) return Promise.resolve(failed(refused));
    const policies = request.mayHedge ? this.#hedged : this.#policies;
    return policies.run((attempt) => this.#attempt(request, attempt), call);
  }

  /** How far the clock of the source is ahead of ours; undefined before its first answer. */
  get clockOffset(): ServerClockOffset | undefined {
    return this.#serverClock.offset;
  }

  /** What the clock of the source shows, as far as it is known. */
  get serverNowMs(): number {
    return this.#deps.clock.nowMs() + (this.clockOffset?.offsetMs ?? 0);
  }

  /** Ends an isolation and a ban. */
  release(): void {
    this.breaker.release();
    this.limiter?.resume();
    this.#bannedUntilMs = -Infinity;
  }

  /** Ends what is under way, and what waits. */
  close(): Promise<void> {
    const reason = new PortcullisError('SERVICE_STOPPED', 'ResilientFetcher: closed');
    this.limiter?.close(reason);
    this.#total.giveUpAll(reason);
    return this.#transport.close();
  }

  /** Attempts beyond the first count for the limits of the source as the first does. */
  #tokens(call: Call): Promise<Failure | undefined> {
    return this.limiter?.acquire(call) ?? Promise.resolve(undefined);
  }

  async #attempt(request: AskedRequest, call: Call): Promise<Outcome<SourceAnswer>> {
    if (isAborted(call)) return failed(aborted(call.signal));
    const { clock } = this.#deps;
    let http;
    try {
      http = request.isSigned
        ? await unlessAborted(this.#signed(request), call.signal)
        : this.#plain(request);
    } catch (error) {
      return failed({ code: 'WORK_FAILED', upstream: 'unknown', mayRetry: false, error });
    }
    // A signer that hangs must not keep the slot of a call that was given up.
    if (http === undefined) return failed(aborted(call.signal));
    const refused = this.#ban() ?? this.breaker.recheck(call);
    if (refused !== undefined) return failed(refused);
    call.stats.attempts += 1;
    const sentMs = clock.nowMs();
    const outcome = await this.#transport.send(http, call);
    if (outcome.ok) {
      this.#observe(outcome.value.headers, sentMs);
      return parsed(outcome.value, request.isRepeatable);
    }
    const { failure } = outcome;
    if (failure.code === 'UPSTREAM_STATUS') {
      this.#observe(failure.headers, sentMs);
      this.#heedBan(failure.status, failure.retryAfterMs);
    }
    return outcome;
  }

  #plain({ method, path, query, headers, body, isRepeatable }: AskedRequest): HttpRequest {
    return {
      method,
      origin: this.#origin,
      path: query === '' ? path : `${path}?${query}`,
      headers: this.settings.propagateTrace ? { ...headers, ...traceHeaders() } : headers,
      body,
      isRepeatable,
    };
  }

  async #signed(request: AskedRequest): Promise<HttpRequest> {
    const { method, path, query, body } = request;
    const signature = await this.#deps.signer?.({ method, path, query, body, serverNowMs: this.serverNowMs });
    const headers = { ...request.headers, ...signature?.headers };
    return this.#plain({ ...request, query: signature?.query ?? query, headers });
  }

  #observe(headers: SourceAnswer['headers'], sentMs: number): void {
    const { date, age } = headers;
    // With an age it is the word of a cache in between, written long ago.
    if (typeof date === 'string' && age === undefined) {
      // The same text for a second; parsing it costs more than all the rest here.
      if (date !== this.#lastDate.text) this.#lastDate = { text: date, ms: Date.parse(date) };
      this.#serverClock.observe(this.#lastDate.ms, sentMs, this.#deps.clock.nowMs());
    }
    for (const { header, bucket } of this.settings.usage) {
      const used = headers[header];
      if (typeof used === 'string') this.limiter?.observe(bucket, Number(used));
    }
  }

  #heedBan(status: number, retryAfterMs: number | undefined): void {
    const { statuses, defaultMs } = this.settings.bans;
    if (!statuses.includes(status)) return;
    const pauseMs = retryAfterMs ?? defaultMs;
    this.#deps.logger.warn({ source: this.name, status, pauseMs }, 'the source asks to be left alone');
    this.limiter?.pauseFor(pauseMs);
    this.#bannedUntilMs = Math.max(this.#bannedUntilMs, this.#deps.clock.monotonicMs() + pauseMs);
  }

  /** The last look before a request is sent: it may have waited for its slot since another one was told to stay away. */
  #ban(): Failure | undefined {
    if (this.#bannedUntilMs === -Infinity) return undefined;
    const leftMs = this.#bannedUntilMs - this.#deps.clock.monotonicMs();
    if (!(leftMs > 0)) return undefined;
    return {
      code: 'RATE_LIMITED',
      upstream: 'unknown',
      mayRetry: false,
      because: 'banned',
      retryAfterMs: leftMs,
    };
  }
}

/** Names what is wrong, never the value: it may hold a password. */
function baseOf(baseUrl: unknown): URL {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isPlain =
    url !== undefined &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (isPlain) return url;
  throw new PortcullisError(
    'OPTION_INVALID',
    'baseUrl: expected an http or https URL without user, query and fragment',
  );
}

function parsed({ status, headers, body }: HttpAnswer, isRepeatable: boolean): Outcome<SourceAnswer> {
  if (body.length === 0) return success({ status, headers, data: undefined });
  const text = body.toString('utf8');
  const type = headers['content-type'];
  if (typeof type === 'string' && !/json/iu.test(type)) return success({ status, headers, data: text });
  try {
    return success({ status, headers, data: JSON.parse(text) as unknown });
  } catch (error) {
    return failed({
      code: 'RESPONSE_INVALID',
      upstream: 'failing',
      mayRetry: isRepeatable,
      because: 'json',
      detail: (error as SyntaxError).message,
    });
  }
}
