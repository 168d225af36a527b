import { createClient } from 'portcullis/service';
import { tradingApi } from '../api/trading-api.ts';
import type { ChildStatus } from '../supervisor/child-spec.ts';

const TIMEOUT_MS = 2_000;

/** The trading process that says that it trades. Of other roles nobody has the work alone. */
export async function findActive(children: readonly ChildStatus[]): Promise<string | undefined> {
  const found = await Promise.all(
    children.map(async ({ name, role, url }) => {
      if (role !== 'trading' || url === undefined) return undefined;
      const client = createClient(tradingApi, { baseUrl: url, timeoutMs: TIMEOUT_MS });
      const status = await client.getStatus().catch(() => undefined);
      return status?.role === 'active' ? name : undefined;
    }),
  );
  return found.find((name) => name !== undefined);
}
