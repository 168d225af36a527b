/** Fields of an entry as the server gives them: name, value, name, value. */
export type EntryFields = readonly string[];

export type StreamEntry = readonly [id: string, fields: EntryFields];

/** One of the fields of an entry. */
export function fieldOf(fields: EntryFields, name: string): string | undefined {
  for (let at = 0; at + 1 < fields.length; at += 2) if (fields[at] === name) return fields[at + 1];
  return undefined;
}

/** Below 0 where the first of two ids of entries is the older one. */
export function compareIds(a: string, b: string): number {
  const [aMs = '0', aSeq = '0'] = a.split('-');
  const [bMs = '0', bSeq = '0'] = b.split('-');
  const byMs = Number(aMs) - Number(bMs);
  if (byMs !== 0) return byMs;
  return aSeq.length - bSeq.length || (aSeq < bSeq ? -1 : Number(aSeq > bSeq));
}
