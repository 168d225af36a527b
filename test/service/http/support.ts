import type { Tracer } from '@opentelemetry/api';
import { onTestFinished } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { HttpListeners, type InjectOptions } from '../../../src/service/http/http-listeners.ts';
import { httpLimits } from '../../../src/service/http/http-limits.ts';
import { Health, type InjectResponse, type ServiceApp } from '../../../src/service/index.ts';
import type { ServiceState } from '../../../src/service/service-state.ts';
import { createLogger, MetricsRegistry, Tracing } from '../../../src/telemetry/index.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly correlationId?: string;
  readonly [key: string]: unknown;
}

export interface ServingOptions {
  readonly limits?: Parameters<typeof httpLimits.parse>[0];
  /** With a listener of its own for operators. */
  readonly admin?: boolean;
  readonly adminRoutes?: (app: ServiceApp, world: ServingWorld) => void;
  readonly tracer?: Tracer;
}

export interface ServingWorld {
  readonly clock: ManualClock;
  readonly health: Health;
  readonly lines: Line[];
  readonly log: ReturnType<typeof createLogger>;
  readonly metrics: MetricsRegistry;
  /** Where the service stands; a test may move it. */
  readonly box: { state: ServiceState; hasServed: boolean };
  /** Delay of the event loop, as the next look finds it. */
  readonly loop: { delayMs: number };
}

/** Listeners of a service that is ready, with a clock that stands still and the log in a list. Nothing listens. */
export function serving(
  routes: (app: ServiceApp, world: ServingWorld) => void = () => undefined,
  { limits = {}, admin = false, adminRoutes, tracer }: ServingOptions = {},
) {
  const clock = new ManualClock(1_700_000_000_000);
  const lines: Line[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Line) };
  const log = createLogger({ name: 'quotes', level: 'debug' }, { clock, destination });
  const metrics = new MetricsRegistry();
  const health = new Health({ cacheMs: 0 }, { clock });
  const box: ServingWorld['box'] = { state: 'ready', hasServed: true };
  const loop = { delayMs: 0 };
  const world: ServingWorld = { clock, health, lines, log, metrics, box, loop };
  const places = { host: '127.0.0.1', port: 0, adminHost: '127.0.0.1', ...(admin && { adminPort: 0 }) };
  const listeners = new HttpListeners(places, httpLimits.parse(limits), {
    ...{ name: 'quotes', version: '1.2.3', clock, log, metrics, health, life: box },
    tracing: new Tracing(tracer === undefined ? {} : { tracer }),
    routes: (app) => {
      routes(app, world);
    },
    adminRoutes: (app) => adminRoutes?.(app, world),
    loopDelay: Object.assign(() => loop.delayMs, { [Symbol.dispose]: () => undefined }),
  });
  onTestFinished(() => listeners.close());
  const ask = (request: string | InjectOptions): Promise<InjectResponse> =>
    listeners.inject(typeof request === 'string' ? { url: request } : request);
  /** Series of requests that are not 0, and their values. */
  const requests = async (): Promise<string[]> => {
    const text = await metrics.exposition();
    return text.split('\n').filter((line) => line.startsWith('http_requests_total') && !line.endsWith(' 0'));
  };
  return { ...world, listeners, ask, requests };
}

/** A problem in the answer: status, content type and body. */
export const problemIn = ({ status, headers, json }: InjectResponse): readonly unknown[] => [
  status,
  headers['content-type'],
  json(),
];

/** What `problemIn` gives for a problem without further members. */
export const problem = (status: number, members: Readonly<Record<string, unknown>>): readonly unknown[] => [
  status,
  'application/problem+json',
  { type: 'about:blank', status, ...members },
];

/** Headers with a correlation id. */
export const as = (id: string) => ({ headers: { 'x-correlation-id': id } });
