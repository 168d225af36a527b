/** Bytes that a value takes in memory beside what it holds; an estimate for a bound, not a measurement. */
const OBJECT_BYTES = 48;
const SLOT_BYTES = 16;
const UTF16_BYTES = 2;

/**
 * Freezes what `JSON.parse` gave, down to its leaves, so that it can be handed to everybody. However deep it is, no stack
 * overflows.
 *
 * @returns roughly how many bytes it takes in memory; Infinity if there is a number in it that JSON cannot write
 */
export function freezeData(data: unknown): number {
  const open: unknown[] = [data];
  let bytes = 0;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'number' && !Number.isFinite(value)) return Infinity;
    if (typeof value === 'string') bytes += value.length * UTF16_BYTES;
    else if (typeof value === 'object' && value !== null) {
      bytes += OBJECT_BYTES;
      Object.freeze(value);
      for (const [key, member] of Object.entries(value)) {
        bytes += SLOT_BYTES + (Array.isArray(value) ? 0 : key.length);
        if (typeof member !== 'boolean') open.push(member);
      }
    }
  }
  return bytes;
}
