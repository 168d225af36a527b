import { type Clock, PortcullisError } from 'portcullis/core';
import { type HttpClient, HttpProblem, createClient } from 'portcullis/service';
import { Lease, type LeaseHolder, type StateStore } from 'portcullis/storage';
import { z } from 'zod';
import { tradingApi } from '../api/trading-api.ts';

const TIMEOUT_MS = 3_000;

/** What the holder of the lease tells of itself. */
const infoSchema = z.object({ url: z.url({ protocol: /^https?$/ }) });
const problemSchema = z.object({ detail: z.string() });

export interface TradingLinkDeps {
  readonly state: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Clock;
  /** Default: that of Node. */
  readonly fetch?: typeof fetch;
}

/** Who trades for an account. */
export interface ActiveDesk {
  readonly owner: string;
  readonly url: string;
}

/** The way to the trading process that has the lease now, whichever that is. */
export class TradingLink {
  readonly #deps: TradingLinkDeps;
  readonly #lease: Lease;

  constructor(leaseName: string, deps: TradingLinkDeps) {
    this.#deps = deps;
    const { state: store, clock } = deps;
    this.#lease = new Lease({ name: leaseName, owner: 'observer' }, { store, clock });
  }

  /**
   * Who has the lease, as far as the shared state says.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`
   */
  async active(): Promise<ActiveDesk | undefined> {
    const holder: LeaseHolder | undefined = await this.#lease.holder();
    const info = infoSchema.safeParse(holder?.info).data;
    return holder && info && { owner: holder.owner, url: info.url };
  }

  /**
   * Asks the active process, with the credentials of whoever asked us.
   *
   * @throws {HttpProblem} 503 while there is none or it does not answer; what it answered, when that was a refusal
   */
  async ask<T>(
    authorization: string | undefined,
    question: (client: HttpClient<typeof tradingApi>) => Promise<T>,
  ): Promise<T> {
    const active = await this.active().catch(() => {
      throw new HttpProblem(503, 'the shared state does not say who trades');
    });
    if (active === undefined) throw new HttpProblem(503, 'nobody trades for the account at the moment');
    const { clock, fetch } = this.#deps;
    const client = createClient(
      tradingApi,
      {
        baseUrl: active.url,
        timeoutMs: TIMEOUT_MS,
        ...(authorization !== undefined && { headers: { authorization } }),
      },
      { clock, ...(fetch && { fetch }) },
    );
    try {
      return await question(client);
    } catch (error) {
      throw problemOf(error, active.owner);
    }
  }
}

function problemOf(error: unknown, owner: string): unknown {
  if (!(error instanceof PortcullisError) || error.code !== 'REQUEST_FAILED') return error;
  const { status, problem } = { ...(error.details as { status?: number; problem?: unknown } | undefined) };
  if (status === undefined)
    return new HttpProblem(503, `${owner}, which trades, does not answer`, { cause: error });
  const detail = problemSchema.safeParse(problem).data?.detail;
  const said = detail ?? `${owner}, which trades, answered ${status}`;
  // What is wrong inside of it is not wrong with the request.
  return new HttpProblem(status >= 400 && status < 500 ? status : status === 503 ? 503 : 502, said, {
    cause: error,
  });
}
