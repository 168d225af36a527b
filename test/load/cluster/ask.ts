import { TOKENS } from './system-config.ts';

const TIMEOUT_MS = 5_000;

export interface Asked {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Asks a service; whatever it answers is an answer. */
export async function ask(
  url: string,
  body?: unknown,
  { token = TOKENS.system, timeoutMs = TIMEOUT_MS } = {},
): Promise<Asked> {
  const answer = await fetch(url, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
