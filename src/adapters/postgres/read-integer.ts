/** @throws {Error} for what a number cannot hold exactly */
export function readInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new Error(`expected an integer within 2^53, got ${text}`);
}
