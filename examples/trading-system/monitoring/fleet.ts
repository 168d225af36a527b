import type { Clock } from 'portcullis/core';
import { type HttpClient, createClient } from 'portcullis/service';
import { z } from 'zod';
import { riskApi } from '../api/risk-api.ts';
import { tradingApi } from '../api/trading-api.ts';
import type { Endpoint, Parts } from '../parts/parts.ts';

export type Level = 'up' | 'degraded' | 'down';

/** One process as it was found. */
export interface FleetMember extends Endpoint {
  readonly level: Level;
  readonly state?: string;
  readonly problems: Readonly<Record<string, string>>;
  readonly askedMs: number;
  /** Of a trading process that answers. */
  readonly trading?: TradingStatus;
}

export type TradingStatus = Awaited<ReturnType<HttpClient<typeof tradingApi>['getStatus']>>;
export type KillSwitchStanding = Awaited<ReturnType<HttpClient<typeof riskApi>['getKillSwitch']>>;

export interface FleetDeps {
  readonly clock: Clock;
  readonly endpoints: Pick<Parts['endpoints'], 'list'>;
  /** Default: that of Node. */
  readonly fetch?: typeof fetch;
}

const TIMEOUT_MS = 1_500;
/** One that tells no longer where it is, and did not say goodbye, is shown for so long. */
const FORGET_MS = 60_000;

/** As `/health` of every service says it. */
const healthSchema = z.object({
  state: z.string(),
  status: z.enum(['up', 'degraded', 'down']),
  checks: z.record(z.string(), z.object({ status: z.string(), reason: z.string().optional() })),
});

/** All processes of the system: asks each how it is. */
export class Fleet {
  readonly #deps: FleetDeps;
  #members: readonly FleetMember[] = [];
  #killSwitch: KillSwitchStanding | undefined;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  get members(): readonly FleetMember[] {
    return this.#members;
  }

  /** What the risk service says of it; `undefined` while it does not answer. */
  get killSwitch(): KillSwitchStanding | undefined {
    return this.#killSwitch;
  }

  /** Asks all of them once. @throws what `endpoints` throws, after those that were known have been asked */
  async look(signal: AbortSignal): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    const known = await this.#deps.endpoints.list().catch((error: unknown) => {
      failure = { error };
      return this.#members.filter(({ problems }) => !('endpoint' in problems));
    });
    const found = await Promise.all(known.map((endpoint) => this.#ask(endpoint, signal)));
    const gone = this.#members.filter((one) => !known.some((other) => isSame(one, other)));
    const nowMs = this.#deps.clock.nowMs();
    const missed = gone.flatMap((one) => {
      const wasLeaving = one.state === 'draining' || one.state === 'stopping' || one.state === 'stopped';
      if (wasLeaving || nowMs - one.askedMs > FORGET_MS) return [];
      return [lost(one)];
    });
    this.#killSwitch = await this.#askKillSwitch(known, signal);
    this.#members = [...found, ...missed];
    if (failure !== undefined) throw failure.error;
  }

  async #ask(endpoint: Endpoint, signal: AbortSignal): Promise<FleetMember> {
    const { role, instance, url, pid } = endpoint;
    const about = { role, instance, url, pid, askedMs: this.#deps.clock.nowMs() };
    try {
      const { state, status, checks } = await this.#health(url, signal);
      const bad = Object.entries(checks).filter(([, check]) => check.status !== 'up');
      const problems = Object.fromEntries(bad.map(([name, check]) => [name, check.reason ?? check.status]));
      const trading = role === 'trading' ? await this.#status(url, signal) : undefined;
      return { ...about, state, level: status, problems, ...(trading && { trading }) };
    } catch (error) {
      return {
        ...about,
        level: 'down',
        problems: { http: error instanceof Error ? error.message : 'no answer' },
      };
    }
  }

  async #health(url: string, signal: AbortSignal): Promise<z.output<typeof healthSchema>> {
    const over = new AbortController();
    const abort = (): void => {
      over.abort(new Error('stopped'));
    };
    const late = this.#deps.clock.deadline(TIMEOUT_MS, () => {
      over.abort(new Error(`no answer within ${TIMEOUT_MS} ms`));
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const answer = await (this.#deps.fetch ?? fetch)(`${url}/health`, {
        signal: over.signal,
        redirect: 'error',
      });
      return healthSchema.parse(await answer.json());
    } finally {
      late[Symbol.dispose]();
      signal.removeEventListener('abort', abort);
    }
  }

  #status(url: string, signal: AbortSignal): Promise<TradingStatus | undefined> {
    return this.#client(tradingApi, url)
      .getStatus({}, { signal })
      .catch(() => undefined);
  }

  async #askKillSwitch(
    known: readonly Endpoint[],
    signal: AbortSignal,
  ): Promise<KillSwitchStanding | undefined> {
    const risk = known.find(({ role }) => role === 'risk');
    if (risk === undefined) return undefined;
    return await this.#client(riskApi, risk.url)
      .getKillSwitch({}, { signal })
      .catch(() => undefined);
  }

  #client<A extends typeof tradingApi | typeof riskApi>(api: A, baseUrl: string): HttpClient<A> {
    const { clock, fetch } = this.#deps;
    return createClient(api, { baseUrl, timeoutMs: TIMEOUT_MS }, { clock, ...(fetch && { fetch }) });
  }
}

const isSame = (a: Endpoint, b: Endpoint): boolean => a.role === b.role && a.instance === b.instance;

function lost({ role, instance, url, pid, askedMs }: FleetMember): FleetMember {
  return {
    role,
    instance,
    url,
    pid,
    askedMs,
    level: 'down',
    problems: { endpoint: 'it tells no longer where it is' },
  };
}
