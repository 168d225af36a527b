/** What was answered other than with success. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`${status} ${text.slice(0, 500)}`);
    this.status = status;
  }
}

export interface Asking {
  /** Default: POST with a body, else GET. */
  readonly method?: string;
  readonly body?: object;
  readonly token?: string;
}

/** Asks for JSON. @throws {Refused} for what is no success; what `fetch` throws */
export async function ask<T>(
  url: string,
  { body, token, method = body === undefined ? 'GET' : 'POST' }: Asking = {},
  timeoutMs = 5_000,
): Promise<T> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, text);
  return JSON.parse(text) as T;
}
