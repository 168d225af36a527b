type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What a source gave to ask it whether an answer has changed. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** RFC 9110, section 8.8.3; visible ASCII only, as it goes back as a header. */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;
/** The one form of a date that may be sent: RFC 9110, section 5.6.7. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The validators of an answer; one that is malformed is none. */
export const validatorsOf = (headers: Headers): Validators => ({
  etag: matching(ETAG, headers['etag']),
  lastModified: matching(HTTP_DATE, headers['last-modified']),
});

/** The headers that make a request conditional; none without validators. */
export function conditionsOf({ etag, lastModified }: Validators): Record<string, string> {
  const conditions: Record<string, string> = {};
  if (etag !== undefined) conditions['if-none-match'] = etag;
  if (lastModified !== undefined) conditions['if-modified-since'] = lastModified;
  return conditions;
}

const NOT_TO_KEEP = new Set(['no-store', 'private']);

/** Whether an answer may be given to others than who asked: no cookie, not private, not made for one request only. */
export function isShareable(headers: Headers): boolean {
  if (headers['set-cookie'] !== undefined) return false;
  const directives = namesIn(headers['cache-control']).map(
    (directive) => directive.split('=')[0]?.trim() ?? '',
  );
  return !directives.some((name) => NOT_TO_KEEP.has(name)) && !namesIn(headers['vary']).includes('*');
}

const matching = (pattern: RegExp, value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' && pattern.test(value) ? value : undefined;

const namesIn = (value: string | string[] | undefined): string[] =>
  value === undefined
    ? []
    : String(value)
        .split(',')
        .map((name) => name.trim().toLowerCase());
