/** No upstream may ask to be left alone for longer than this: 7 days. */
export const MAX_RETRY_AFTER_MS = 7 * 24 * 60 * 60 * 1_000;

const SECONDS = /^\d+(?:\.\d+)?$/;

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older forms that RFC 9110 (5.6.7) still wants read. */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * How long a `Retry-After` header asks us to stay away, in milliseconds from now: 0 for a date that has passed, never more
 * than 7 days; undefined for what is neither seconds nor an HTTP date.
 *
 * @param nowMs wall time
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim();
  if (text === undefined) return undefined;
  if (SECONDS.test(text)) return capped(Number(text) * 1_000);
  if (!HTTP_DATES.some((form) => form.test(text))) return undefined;
  const atMs = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(atMs) ? undefined : capped(atMs - nowMs);
}

const capped = (ms: number): number => Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
