import { z } from 'zod';
import { type Clock, SystemClock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { pushTarget } from './push-target.ts';

const schema = z.strictObject({
  /** Where the Pushgateway is, such as `http://pushgateway:9091`. A user and password in it are sent as basic authentication. */
  url: z.string(),
  /** The `job` label of all that is pushed. */
  job: z.string().min(1),
  /** Further labels that tell this push from others of the job, such as `instance`. */
  grouping: z
    .record(
      z.string().regex(/^(?!job$|__)[a-zA-Z_][a-zA-Z0-9_]*$/, 'expected a label name, not job'),
      z.string(),
    )
    .default({}),
  /** `push` replaces metrics of the same names in the group, `replace` the whole group; `delete` takes the group away. */
  method: z.enum(['push', 'replace', 'delete']).default('push'),
  /** How long all of it may take, in milliseconds. */
  timeoutMs: z.int().min(1).max(600_000).default(10_000),
  /** Sent along, such as `authorization`. */
  headers: z.record(z.string(), z.string()).default({}),
});

/** @interface */
export type PushMetricsOptions = z.input<typeof schema>;

export interface PushMetricsDeps {
  /** Default: the one of the platform. */
  readonly fetch?: typeof globalThis.fetch;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** Ends the push at once; it rejects with the reason. */
  readonly signal?: AbortSignal;
}

/** What a push needs of a registry. */
export interface PushableMetrics {
  readonly contentType: string;
  exposition(options: { readonly process: boolean }): Promise<string>;
}

const HTTP_METHODS = { push: 'POST', replace: 'PUT', delete: 'DELETE' } as const;
const SHOWN_OF_ANSWER = 300;

/**
 * Pushes what a batch job has measured to a Prometheus Pushgateway, once, at its end: nobody scrapes a process that is gone.
 * Metrics of the process stay out.
 *
 * @throws {PortcullisError} `OPTION_INVALID`; `METRICS_PUSH_FAILED` without an answer in time, or with 429 or 5xx, when a
 * repeat may help; `METRICS_PUSH_REFUSED` with any other answer but 2xx.
 */
export async function pushMetrics(
  metrics: PushableMetrics,
  options: PushMetricsOptions,
  { fetch = globalThis.fetch, clock = new SystemClock(), signal }: PushMetricsDeps = {},
): Promise<void> {
  const parsed = parseOptions('pushMetrics', schema, options);
  const { method, timeoutMs } = parsed;
  const target = pushTarget(parsed);
  const stop = new AbortController();
  const { promise: stopped, reject: onStopped } = Promise.withResolvers<never>();
  const end = (reason: Error): void => {
    stop.abort(reason);
    onStopped(reason);
  };
  const onAbort = (): void => {
    end(signal?.reason instanceof Error ? signal.reason : new Error(String(signal?.reason)));
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = clock.deadline(timeoutMs, () => {
    end(failed(`no answer from ${target.url} within ${timeoutMs} ms`, target.url));
  });
  const send = async (): Promise<void> => {
    const body = method === 'delete' ? undefined : await metrics.exposition({ process: false });
    stop.signal.throwIfAborted();
    const answer = await fetch(target.url, {
      method: HTTP_METHODS[method],
      headers: { ...target.headers, 'content-type': metrics.contentType },
      redirect: 'manual',
      signal: stop.signal,
      ...(body !== undefined && { body }),
    });
    await check(answer, target.url);
  };
  try {
    await Promise.race([send(), stopped]);
  } catch (error) {
    if (error instanceof PortcullisError || stop.signal.aborted)
      throw stop.signal.aborted ? stop.signal.reason : error;
    throw failed(`${target.url} could not be reached`, target.url, { cause: error });
  } finally {
    timer[Symbol.dispose]();
    signal?.removeEventListener('abort', onAbort);
  }
}

async function check(answer: Response, url: string): Promise<void> {
  const { status, ok } = answer;
  if (ok) {
    await answer.body?.cancel();
    return;
  }
  const text = (await answer.text()).slice(0, SHOWN_OF_ANSWER).trim();
  const message = `${url} answered ${status}${text === '' ? '' : `: ${text}`}`;
  if (status === 429 || status >= 500) throw failed(message, url, { status });
  throw new PortcullisError('METRICS_PUSH_REFUSED', message, { details: { url, status } });
}

const failed = (
  message: string,
  url: string,
  { cause, ...details }: { readonly cause?: unknown; readonly status?: number } = {},
): PortcullisError =>
  new PortcullisError('METRICS_PUSH_FAILED', message, { cause, details: { url, ...details } });
