import type { Clock } from '../../core/clock.ts';
import type { StateEntry, StateStore } from '../state-store.ts';
import { type CopyReport, CopyDigest, contradiction } from './copy-digest.ts';

/** What is read of a store. */
export type StateSource = Pick<StateStore, 'list'>;

/**
 * Copies all entries of a store. Each keeps the time at which it expires; versions are those of the target. A copy that was
 * interrupted goes on. In the end the target is read again and compared.
 *
 * @throws {PortcullisError} `INPUT_INVALID` when the target holds something else; what the stores throw
 */
export async function copyState(
  from: StateSource,
  to: Pick<StateStore, 'get' | 'set' | 'list'>,
  { clock }: { readonly clock: Pick<Clock, 'nowMs'> },
): Promise<CopyReport> {
  const entries = await from.list('');
  const wanted = new Map(entries.map((entry) => [entry.key, entry]));
  const digest = new CopyDigest();
  let copied = 0;
  let present = 0;
  for (const known of await to.list('')) confirm(known, wanted.get(known.key));
  for (const entry of entries) {
    const { key, value, expiresAtMs } = entry;
    digest.add([key, value]);
    const ttlMs = expiresAtMs === undefined ? undefined : expiresAtMs - clock.nowMs();
    if (ttlMs !== undefined && ttlMs <= 0) continue;
    const { outcome } = await to.set(key, value, { ttlMs, ifVersion: 0 });
    if (outcome === 'written') {
      copied += 1;
      continue;
    }
    const known = await to.get(key);
    if (known !== undefined) confirm(known, entry);
    present += 1;
  }
  const after = new Map((await to.list('')).map((entry) => [entry.key, entry]));
  for (const entry of entries) {
    const found = after.get(entry.key);
    if (found !== undefined) confirm(found, entry);
    else if (entry.expiresAtMs === undefined) throw contradiction(`the store has lost ${entry.key}`);
  }
  return { copied, present, digest: digest.end() };
}

function confirm(known: StateEntry, wanted: StateEntry | undefined): void {
  const isSame =
    wanted !== undefined &&
    JSON.stringify(known.value) === JSON.stringify(wanted.value) &&
    (known.expiresAtMs === undefined) === (wanted.expiresAtMs === undefined);
  if (!isSame) throw contradiction(`the store has another ${known.key} than the source`);
}
