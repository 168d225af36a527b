/**
 * The settings under which every peer is measured, in one place to be reviewed: each as its own documentation advises for
 * speed, and doing the same work as ours. A suite takes a peer from here and from nowhere else.
 */
import { Agent } from 'node:http';
import { type CircuitBreakerPolicy, SamplingBreaker, circuitBreaker, handleAll } from 'cockatiel';
import { type FastifyInstance, fastify } from 'fastify';
import got from 'got';
import Opossum from 'opossum';
import pRetry from 'p-retry';
import { pino } from 'pino';
import { Counter, Histogram, Registry } from 'prom-client';
import { Pool } from 'undici';

/** Bounds of ours by default, in seconds; the default of prom-client has two less and would have less to do. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * prom-client 15: a registry of its own, no default metrics, no exemplars (they are off by default, and cost), no aggregators.
 * Handles are what `labels()` gives, called once.
 */
export class PromClient {
  readonly registry = new Registry();

  counter<L extends string>(name: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help: name, labelNames, registers: [this.registry] });
  }

  histogram<L extends string>(name: string, labelNames: readonly L[]): Histogram<L> {
    return new Histogram({ name, help: name, labelNames, buckets: BUCKETS, registers: [this.registry] });
  }
}

const STDOUT = 1;

/**
 * Fastify 5 with its own request logging on pino 10, which is two lines per request, both at level info: no schemas, no
 * hooks, no metrics. The destination collects 4 KiB and writes them at once, as that of ours does; without `minLength` each line is a
 * write, and slower.
 */
export const fastifyPino = (): FastifyInstance =>
  fastify({
    logger: { level: 'info', stream: pino.destination({ dest: STDOUT, minLength: 4096, sync: true }) },
  });

/** When a breaker opens, and for how long. */
export interface BreakerRules {
  readonly windowMs: number;
  /** Of the calls in the window, above 0 and below 1. */
  readonly failureRate: number;
  readonly minCalls: number;
  readonly openMs: number;
}

/**
 * opossum 10, tuned: latencies are neither kept nor sorted for percentiles, no snapshots, no timer for a timeout of its own,
 * which ours has not either; it opens as ours does.
 */
export const tunedOpossum = <R, A extends unknown[] = []>(
  task: (...args: A) => Promise<R>,
  { windowMs, failureRate, minCalls, openMs }: BreakerRules,
): Opossum<A, R> =>
  new Opossum(task, {
    timeout: false,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    volumeThreshold: minCalls,
    errorThresholdPercentage: failureRate * 100,
    rollingCountTimeout: windowMs,
    resetTimeout: openMs,
  });

/** opossum 10 as it comes, but for the window and what opens it. */
export const defaultOpossum = <R>(
  task: () => Promise<R>,
  { windowMs, failureRate }: BreakerRules,
): Opossum<[], R> =>
  new Opossum(task, { errorThresholdPercentage: failureRate * 100, rollingCountTimeout: windowMs });

/** cockatiel 4 with the one of its breakers that has a time window. It knows no minimum of calls, but one of calls per second. */
export const samplingCockatiel = ({ windowMs, failureRate, openMs }: BreakerRules): CircuitBreakerPolicy =>
  circuitBreaker(handleAll, {
    halfOpenAfter: openMs,
    breaker: new SamplingBreaker({ threshold: failureRate, duration: windowMs, minimumRps: 0.001 }),
  });

/** An HTTP client that asks one server. */
export interface HttpPeer {
  readonly name: string;
  /** The answer when its JSON has been parsed. */
  get(path: string): Promise<{ readonly status: number; readonly data: unknown }>;
  close(): unknown;
}

/** undici 8, the fastest of its ways that reads a body for its caller: `request` on the pool of one origin. No policies. */
export function undiciPool(origin: string, { connections }: { readonly connections: number }): HttpPeer {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  return {
    name: 'undici',
    async get(path) {
      const { statusCode, body } = await pool.request({ path, method: 'GET' });
      return { status: statusCode, data: await body.json() };
    },
    close: () => pool.close(),
  };
}

export interface FetchRules {
  readonly connections: number;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly retry: { readonly retries: number; readonly baseDelayMs: number; readonly maxDelayMs: number };
  readonly breaker: BreakerRules;
}

/**
 * got 16 inside of opossum 10 inside of p-retry 9, as people put them together: an agent that keeps connections alive, got's own
 * retries and redirects off, its timeout for the attempt, opossum tuned, p-retry with exponential waits, jitter and a limit
 * for all attempts. Neither a bulkhead nor a retry budget nor limits to what is read, which ours has.
 */
export function gotOpossumPRetry(origin: string, rules: FetchRules): HttpPeer {
  const { connections, timeoutMs, attemptTimeoutMs, retry, breaker } = rules;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const client = got.extend({
    agent: { http: agent },
    retry: { limit: 0 },
    followRedirect: false,
    timeout: { request: attemptTimeoutMs },
    responseType: 'json',
  });
  const circuit = tunedOpossum((path: string) => client(origin + path), breaker);
  const retries = {
    retries: retry.retries,
    minTimeout: retry.baseDelayMs,
    maxTimeout: retry.maxDelayMs,
    maxRetryTime: timeoutMs,
    randomize: true,
  };
  return {
    name: 'got-opossum-p-retry',
    async get(path) {
      const { statusCode, body } = await pRetry(() => circuit.fire(path), retries);
      return { status: statusCode, data: body };
    },
    close() {
      circuit.shutdown();
      agent.destroy();
    },
  };
}
