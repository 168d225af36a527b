import { z } from 'zod';
import { type Clock, SystemClock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { messageOf } from '../../core/message-of.ts';
import { correlation, traceHeaders } from '../../telemetry/index.ts';
import type { HttpApi, Operation, OperationInput, OperationOutput } from './http-api.ts';
import { operationUrl } from './operation-url.ts';

const schema = z.strictObject({
  /** Where the service listens, with or without a path before those of its routes. */
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/[?#]/.test(url), 'expected no query and no fragment'),
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
  /** Further headers of each request, such as a token that is renewed. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** One operation of a client; without anything to give, the input may be left out. */
export type ClientCall<O extends Operation> = keyof OperationInput<O> extends never
  ? (input?: object, options?: { readonly signal?: AbortSignal }) => Promise<OperationOutput<O>>
  : (input: OperationInput<O>, options?: { readonly signal?: AbortSignal }) => Promise<OperationOutput<O>>;

export type HttpClient<A extends HttpApi> = { readonly [K in keyof A]: ClientCall<A[K]> };

interface Input {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
}

/**
 * A client of an API, typed by its schemas: what is sent and what comes back is checked against them. It never repeats a
 * request, and follows no redirect. The correlation id and the trace at hand go along.
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
  const { username, password } = new URL(settings.baseUrl);
  // Not by the schema: its message would repeat them.
  if (username !== '' || password !== '')
    throw new PortcullisError('OPTION_INVALID', 'createClient: baseUrl: credentials belong into a header');
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
  const url = operationUrl(settings.baseUrl, operation.path, input);
  const body = operation.body && jsonOf(name, input.body);
  const headers = headersOf(name, body !== undefined, settings.headers, deps.headers?.());
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
      headers,
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

/** The later ones win, in whatever case they are written. */
function headersOf(
  operation: string,
  hasBody: boolean,
  ...given: readonly (Readonly<Record<string, string>> | undefined)[]
): Headers {
  const headers = new Headers({ accept: 'application/json, application/problem+json' });
  const id = correlation.id();
  if (hasBody) headers.set('content-type', 'application/json');
  if (id !== undefined) headers.set('x-correlation-id', id);
  for (const each of [traceHeaders(), ...given])
    for (const [name, value] of Object.entries(each ?? {}))
      setHeader(operation, headers, name, value as string);
  return headers;
}

/** In words of our own: those of Node repeat the value, which may be a secret. */
function setHeader(operation: string, headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new PortcullisError(
      'INPUT_INVALID',
      `${operation}: headers.${name}: expected what a header can hold`,
    );
  }
}

function jsonOf(operation: string, body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw new PortcullisError(
      'INPUT_INVALID',
      `${operation}: body: expected what JSON can say: ${messageOf(error)}`,
      { cause: error },
    );
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

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of Node's fetch, the cause says more. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${cause.message}` : messageOf(error);
}
