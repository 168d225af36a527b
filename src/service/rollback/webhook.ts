import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { messageOf } from '../../core/message-of.ts';
import type { RollbackAction } from './rollback-action.ts';

const schema = z.strictObject({
  /** For each attempt. */
  timeoutMs: z.int().min(1).max(60_000).default(5000),
  /** Attempts after the first. */
  retries: z.int().min(0).max(10).default(3),
  /** Before the first repetition; doubled each time, up to 30 s. */
  backoffMs: z.int().min(0).max(30_000).default(500),
});

/** @interface */
export type WebhookOptions = z.input<typeof schema>;

export interface WebhookDeps {
  readonly clock: Clock;
  /** Where to, `https:` or `http:`. Its path may be a secret: errors name the host only. */
  readonly url: string;
  /** Key of the signature, 16 characters or more; a function is asked for each attempt, so that a new one counts at once. */
  readonly secret: string | (() => string);
  /** Default: the one of Node. */
  readonly fetch?: typeof globalThis.fetch;
}

/** `t=<seconds since the epoch>,v1=<HMAC-SHA256 in hex, over the seconds, a dot and the body>`. */
export const SIGNATURE_HEADER = 'portcullis-signature';
/** The same for each repetition of one message, so that the receiver can drop what it has. */
export const DELIVERY_HEADER = 'portcullis-delivery';

const SHORTEST_SECRET = 16;
const LONGEST_BACKOFF_MS = 30_000;

/**
 * Posts the report as JSON, signed. Repeats after no answer, 408, 429 and 5xx, at longer and longer intervals; any other answer
 * but 2xx fails at once, redirects included. Fails with `WEBHOOK_FAILED`.
 *
 * @throws {PortcullisError} `OPTION_INVALID`, without telling URL or secret.
 */
export function postWebhook(options: WebhookOptions, deps: WebhookDeps): RollbackAction {
  const settings = parseOptions('webhook', schema, options);
  const url = parseUrl(deps.url);
  if (typeof deps.secret !== 'function') checkSecret(deps.secret);
  return {
    name: `webhook ${url.host}`,
    async run(report, signal) {
      const body = JSON.stringify({ event: 'rollback.fired', ...report });
      for (let attempt = 0; ; attempt += 1) {
        const fault = await attemptOnce(deps, url, body, settings.timeoutMs, signal);
        if (fault === undefined) return;
        if (!fault.isWorthRepeating || attempt >= settings.retries || signal.aborted) {
          throw new PortcullisError(
            'WEBHOOK_FAILED',
            `webhook ${url.host}: ${fault.why}, after ${attempt + 1} of ${settings.retries + 1} attempts`,
          );
        }
        await deps.clock.sleep(Math.min(settings.backoffMs * 2 ** attempt, LONGEST_BACKOFF_MS), signal);
      }
    },
  };
}

/** Whether a message is from someone who has the secret, and of the last `toleranceMs` (default five minutes). For receivers. */
export function isSigned(
  { header, body, secret }: { readonly header: string; readonly body: string; readonly secret: string },
  nowMs: number,
  toleranceMs = 300_000,
): boolean {
  const [, seconds = '', given = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const isRecent = Math.abs(nowMs - Number(seconds) * 1000) <= toleranceMs;
  const expected = hmac(secret, seconds, body);
  return (
    isRecent && given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
  );
}

const hmac = (secret: string, seconds: string, body: string): string =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');

interface Fault {
  readonly why: string;
  readonly isWorthRepeating: boolean;
}

async function attemptOnce(
  { clock, secret, fetch = globalThis.fetch }: WebhookDeps,
  url: URL,
  body: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const key = checkSecret(typeof secret === 'function' ? secret() : secret);
  const seconds = String(Math.floor(clock.nowMs() / 1000));
  const late = new AbortController();
  const timer = clock.deadline(timeoutMs, () => {
    late.abort(new Error(`no answer within ${timeoutMs} ms`));
  });
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [SIGNATURE_HEADER]: `t=${seconds},v1=${hmac(key, seconds, body)}`,
        [DELIVERY_HEADER]: hash('sha256', body).slice(0, 32),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([late.signal, signal]),
    });
    await response.body?.cancel();
    const { ok, status } = response;
    if (ok) return undefined;
    return { why: `answer ${status}`, isWorthRepeating: status === 408 || status === 429 || status >= 500 };
  } catch (error) {
    return { why: reasonOf(error), isWorthRepeating: true };
  } finally {
    timer[Symbol.dispose]();
  }
}

/** `fetch` says only that it failed; the cause says why. */
const reasonOf = (error: unknown): string =>
  messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new PortcullisError('OPTION_INVALID', 'webhook: url: expected an absolute URL of http or https');
}

function checkSecret(secret: string): string {
  // What came from outside may be anything.
  if (typeof (secret as unknown) === 'string' && secret.length >= SHORTEST_SECRET) return secret;
  throw new PortcullisError(
    'OPTION_INVALID',
    `webhook: secret: expected ${SHORTEST_SECRET} characters or more`,
  );
}
