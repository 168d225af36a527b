import { z } from 'zod';
import { type Clock, SystemClock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { correlation } from '../../telemetry/index.ts';
import type { HttpApi, Operation, OperationInput, OperationOutput } from './http-api.ts';

const schema = z.strictObject({
  /** Where the service listens, with or without a path before those of its routes. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  timeoutMs: z.number().positive().max(600_000).default(10_000),
  /** Sent with each request. */
  headers: z.record(z.string(), z.string()).default({}),
});

/** @interface */
export type HttpClientOptions = z.input<typeof schema>;

export interface HttpClientDeps {
  /** Default: that of Node. */
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  /** Further headers of each request, such as those that carry a trace on. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** @inline */
type Call<O extends Operation> = keyof OperationInput<O> extends never
  ? (input?: object, options?: { readonly signal?: AbortSignal }) => Promise<OperationOutput<O>>
  : (input: OperationInput<O>, options?: { readonly signal?: AbortSignal }) => Promise<OperationOutput<O>>;

export type HttpClient<A extends HttpApi> = { readonly [K in keyof A]: Call<A[K]> };

/** What a query can say. */
type Simple = string | number | boolean | undefined;

interface Input {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
}

/**
 * A client of an API, typed by its schemas: what is sent and what comes back is checked against them. It never repeats a
 * request. The correlation id at hand goes along.
 *
 * Each call throws a `PortcullisError`: `INPUT_INVALID` for what does not fit its schema, sent or received; `REQUEST_FAILED`
 * with `status` and `problem` in its details when the answer is no success, and without them when there was none.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function createClient<A extends HttpApi>(
  api: A,
  options: HttpClientOptions,
  deps: HttpClientDeps = {},
): HttpClient<A> {
  const settings = parseOptions('createClient', schema, options);
  const calls = Object.entries(api).map(([name, operation]) => [
    name,
    (input: Input = {}, { signal }: { readonly signal?: AbortSignal } = {}) =>
      call(name, operation, input, signal, settings, deps),
  ]);
  return Object.fromEntries(calls) as HttpClient<A>;
}

async function call(
  name: string,
  operation: Operation,
  input: Input,
  signal: AbortSignal | undefined,
  settings: z.output<typeof schema>,
  deps: HttpClientDeps,
): Promise<unknown> {
  const { clock = new SystemClock() } = deps;
  for (const part of ['params', 'query', 'body'] as const) check(name, part, operation[part], input[part]);
  const url = urlOf(settings.baseUrl, operation, input);
  const body = operation.body && JSON.stringify(input.body);
  const id = correlation.id();
  const abort = new AbortController();
  const onAbort = (): void => {
    abort.abort(signal?.reason);
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const late = clock.deadline(settings.timeoutMs, () => {
    abort.abort(new Error(`no answer within ${settings.timeoutMs} ms`));
  });
  try {
    const answer = await (deps.fetch ?? fetch)(url, {
      method: operation.method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(id !== undefined && { 'x-correlation-id': id }),
        ...settings.headers,
        ...deps.headers?.(),
      },
      redirect: 'error',
      signal: abort.signal,
      ...(body !== undefined && { body }),
    });
    return await outputOf(name, operation, answer);
  } catch (error) {
    if (error instanceof PortcullisError) throw error;
    throw new PortcullisError(
      'REQUEST_FAILED',
      `${name}: ${operation.method} ${url.pathname}: ${reasonOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    late[Symbol.dispose]();
    signal?.removeEventListener('abort', onAbort);
  }
}

async function outputOf(name: string, operation: Operation, answer: Response): Promise<unknown> {
  const text = await answer.text();
  const json = jsonIn(text);
  if (answer.status === (operation.status ?? 200)) {
    const parsed = operation.response.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new PortcullisError(
      'INPUT_INVALID',
      `${name}: the answer does not fit: ${z.prettifyError(parsed.error)}`,
    );
  }
  const detail = (json as { detail?: unknown } | undefined)?.detail;
  throw new PortcullisError(
    'REQUEST_FAILED',
    `${name}: ${answer.status}${typeof detail === 'string' ? ` ${detail}` : ''}`,
    { details: { status: answer.status, problem: json ?? text.slice(0, 200) } },
  );
}

/** What is sent is what the schema takes in. */
function check(name: string, part: string, type: z.ZodType | undefined, value: unknown): void {
  const parsed = type?.safeParse(value);
  if (parsed === undefined || parsed.success) return;
  throw new PortcullisError('INPUT_INVALID', `${name}: ${part}: ${z.prettifyError(parsed.error)}`);
}

function urlOf(baseUrl: string, { path }: Operation, { params = {}, query = {} }: Input): URL {
  const filled = path.replace(/:([A-Za-z0-9_]+)/g, (_, key: string) => {
    const value = params[key];
    if (typeof value === 'string' ? value !== '' : typeof value === 'number')
      return encodeURIComponent(String(value));
    throw new PortcullisError(
      'INPUT_INVALID',
      `params.${key}: expected a text or a number, got ${String(value)}`,
    );
  });
  const url = new URL(baseUrl.replace(/\/$/, '') + filled);
  for (const [key, value] of Object.entries(query)) {
    for (const each of [value as Simple | readonly Simple[]].flat())
      if (each !== undefined) url.searchParams.append(key, String(each));
  }
  return url;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
};
