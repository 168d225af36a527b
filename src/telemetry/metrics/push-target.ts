import { PortcullisError } from '../../core/errors.ts';

export interface PushTarget {
  /** Without user and password. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface PushGroup {
  readonly url: string;
  readonly job: string;
  readonly grouping: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The address of a group at a Pushgateway: `/metrics/job/JOB/LABEL/VALUE`, the labels in order of their names.
 *
 * @throws {PortcullisError} `OPTION_INVALID`, without the address or the header: there may be secrets in them.
 */
export function pushTarget({ url, job, grouping, headers }: PushGroup): PushTarget {
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol))
    throw invalid('url: expected the address of a Pushgateway, http or https');
  const { username, password } = base;
  [base.username, base.password, base.search, base.hash] = ['', '', '', ''];
  const labels = Object.entries(grouping).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const path = [['job', job] as const, ...labels].map(([name, value]) => segment(name, value)).join('/');
  return {
    url: `${base.href.replace(/\/+$/, '')}/metrics/${path}`,
    headers: {
      ...checked(headers),
      ...((username !== '' || password !== '') && { authorization: basic(username, password) }),
    },
  };
}

function checked(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch {
      throw invalid(`headers: ${JSON.stringify(name)} is not a header, or its value cannot be sent`);
    }
  }
  return headers;
}

function basic(username: string, password: string): string {
  const credentials = [username, password].map((part) => decodeURIComponent(part)).join(':');
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

const invalid = (what: string): PortcullisError =>
  new PortcullisError('OPTION_INVALID', `pushMetrics: ${what}`);

/** A value that a path cannot carry goes as base64url: empty ones, those with a slash, and `.` and `..`. */
function segment(name: string, value: string): string {
  if (value !== '' && !value.includes('/') && !/^\.{1,2}$/.test(value))
    return `${name}/${encodeURIComponent(value.toWellFormed())}`;
  return `${name}@base64/${value === '' ? '=' : Buffer.from(value).toString('base64url')}`;
}
