import { toJsonText } from './json.ts';

/** How much is serialised in one go: whichever comes first. Both take well under 5 ms. */
const SLICE_LENGTH = 64 * 1024;
const SLICE_LINES = 500;

/**
 * The text of the lines, each with its newline, in pieces that are quickly made.
 *
 * @throws {PortcullisError} `INPUT_INVALID` for a line that is not JSON
 */
export function* slicesOf(lines: Iterable<unknown>): Generator<{ text: string; count: number }> {
  let text = '';
  let count = 0;
  let total = 0;
  for (const line of lines) {
    text += `${toJsonText(`line ${++total} of a snapshot`, line)}\n`;
    count += 1;
    if (text.length < SLICE_LENGTH && count < SLICE_LINES) continue;
    yield { text, count };
    text = '';
    count = 0;
  }
  if (count > 0) yield { text, count };
}
