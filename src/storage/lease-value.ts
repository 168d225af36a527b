import { z } from 'zod';
import type { JsonValue } from './json.ts';
import type { StateEntry } from './state-store.ts';

const schema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('held'),
    owner: z.string(),
    /** For how long its holder may count on it, milliseconds. */
    ttlMs: z.number().gt(0),
    /** Version of the write that acquired it; missing in that write itself. */
    token: z.number().exactOptional(),
    info: z.json().exactOptional(),
  }),
  /** Whoever had it has let go of it: nobody acts under it. */
  z.object({ state: z.literal('released') }),
  /** Nothing was there, so nobody can say who had it: it is waited for as for a holder. */
  z.object({ state: z.literal('unclaimed') }),
]);

/** What the entry of a lease holds. */
export type LeaseValue = z.output<typeof schema>;

/** `undefined` for what is not of a lease: then it is somebody's who cannot be asked. */
export const readLease = ({ value }: StateEntry): LeaseValue | undefined => schema.safeParse(value).data;

/** Who has it, as far as the entry says. */
export interface LeaseHolder {
  readonly owner: string;
  readonly token: number;
  /** What the holder wants others to know, such as its URL. */
  readonly info: JsonValue | undefined;
}

export function holderOf(entry: StateEntry | undefined): LeaseHolder | undefined {
  const value = entry && readLease(entry);
  if (entry === undefined || value?.state !== 'held') return undefined;
  const { owner, token = entry.version, info } = value;
  return { owner, token, info };
}
