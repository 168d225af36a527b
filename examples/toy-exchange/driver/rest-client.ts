import type { Clock } from 'portcullis/core';
import { parseInput } from 'portcullis/core';
import { z } from 'zod';
import type { AccountKey, DriverOptions } from './options.ts';
import { ServerClock } from './server-clock.ts';
import { sign } from './sign.ts';

const refusalSchema = z.object({ code: z.string().min(1), message: z.string().optional() });

/** What the exchange said: yes, with a body, or no, with a code. Everything else is an error: nobody knows. */
export type Said<T> =
  { readonly kind: 'yes'; readonly body: T } | { readonly kind: 'no'; readonly code: string };

/** Signed requests, each sent once. */
export class RestClient {
  readonly time: ServerClock;
  readonly #options: DriverOptions;

  constructor(options: DriverOptions, clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.#options = options;
    this.time = new ServerClock(options.url, clock);
  }

  /**
   * Sends a request once. A 4xx with a code is the exchange's own word.
   *
   * @param schema what a yes must look like
   * @throws for every other answer, and for none
   */
  async ask<S extends z.ZodType>(
    account: AccountKey,
    request: { readonly method: string; readonly path: string; readonly body?: unknown },
    schema: S,
    signal: AbortSignal,
  ): Promise<Said<z.output<S>>> {
    const { method, path } = request;
    const body = request.body === undefined ? '' : JSON.stringify(request.body);
    const proof = sign(
      account,
      { method, path, body },
      {
        exchangeMs: await this.time.nowMs(signal),
        windowMs: this.#options.windowMs,
      },
    );
    const response = await fetch(`${this.#options.url}${path}`, {
      method,
      signal,
      headers: {
        'content-type': 'application/json',
        'x-key': proof.key,
        'x-timestamp': proof.timestamp,
        'x-window': proof.window,
        'x-signature': proof.signature,
      },
      ...(body !== '' && { body }),
    });
    const what = `${method} ${path.split('?', 1)[0] ?? ''}`;
    const text = await response.text();
    if (response.ok) return { kind: 'yes', body: parseInput(what, schema, json(text)) };
    const refused = refusalSchema.safeParse(json(text));
    if (response.status < 400 || response.status >= 500 || !refused.success) {
      throw new Error(`${this.#options.name}: ${what}: ${response.status} says nothing about the request`);
    }
    const { code } = refused.data;
    // Before the answer is told, so that the next request has the right time and need not wait for it.
    if (code === 'TIMESTAMP_OUT_OF_WINDOW') await this.time.renew();
    return { kind: 'no', code };
  }

  /** A question: a no is an error here. */
  async question<S extends z.ZodType>(
    account: AccountKey,
    path: string,
    schema: S,
    signal: AbortSignal,
  ): Promise<z.output<S>> {
    const said = await this.ask(account, { method: 'GET', path }, schema, signal);
    if (said.kind === 'yes') return said.body;
    throw new Error(`${this.#options.name}: GET ${path}: ${said.code}`);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
