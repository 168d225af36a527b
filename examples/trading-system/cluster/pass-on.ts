/** How lines of children are passed on. */
export type LineForm = 'prefix' | 'json' | 'none';

/** What a child may say in one line: the rest of a longer one is left out. */
const MAX_LENGTH = 16_384;

/** A line of a child as it is passed on; `undefined` for nothing. */
export function passedOn(form: LineForm, child: string, line: string, from: string): string | undefined {
  if (form === 'none') return undefined;
  const text = line.slice(0, MAX_LENGTH);
  if (form === 'prefix') return `${child} | ${text}`;
  const log = objectIn(line);
  return JSON.stringify(log === undefined ? { child, from, text } : { child, from, log });
}

function objectIn(line: string): object | undefined {
  if (!line.startsWith('{') || line.length > MAX_LENGTH) return undefined;
  try {
    return JSON.parse(line) as object;
  } catch {
    return undefined;
  }
}
