import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { toGrid } from '../core/increment.ts';
import { parseOptions } from '../core/options.ts';
import { type Grid, lots, ticks } from '../core/units.ts';
import { messageOf } from '../core/message-of.ts';
import type { Instrument } from '../trading/instrument.ts';
import { type GridBar, barFlaw } from './grid-bar.ts';

const COLUMNS = ['open_time_ms', 'open', 'high', 'low', 'close', 'volume'] as const;
const HEADER = COLUMNS.join(',');
/** A file that unpacks to more is not one of bars. */
const MOST_BYTES = 512 * 1024 * 1024;
const SHOWN = 60;

const schema = z.strictObject({
  /** Length of a bar; each begins where the one before ends. */
  intervalMs: z.int().min(1).default(60_000),
  /** What to do where bars are missing: refuse the file, or take it as it is. */
  gaps: z.enum(['refuse', 'keep']).default('refuse'),
});

/** @interface */
export type CsvBarsOptions = z.input<typeof schema>;

type Column = (typeof COLUMNS)[number];
const COLUMN_OF: Readonly<Record<keyof GridBar, Column>> = {
  openMs: 'open_time_ms',
  open: 'open',
  high: 'high',
  low: 'low',
  close: 'close',
  volume: 'volume',
};

/**
 * Reads bars from a CSV file, plain or gzip, with the header `open_time_ms,open,high,low,close,volume`: time in
 * milliseconds, prices and volume as plain decimals that stand exactly on the grid of the instrument. A byte order mark and
 * CRLF are tolerated, and nothing else.
 *
 * @throws {PortcullisError} `FILE_UNREADABLE`; `INPUT_INVALID` with line, field, value and what was expected, for the first
 *   line that is wrong: columns, numbers, grid, high and low, order, duplicates, gaps; `OPTION_INVALID`
 */
export async function barsFromCsv(
  path: string,
  options: CsvBarsOptions & { readonly instrument: Instrument },
): Promise<readonly GridBar[]> {
  const { instrument, ...rest } = options;
  const { intervalMs, gaps } = parseOptions('barsFromCsv', schema, rest);
  const [header = '', ...lines] = (await readText(path))
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map(withoutReturn);
  if (header !== HEADER) throw flaw(path, 1, 'header', HEADER, header);
  if (lines.at(-1) === '') lines.pop();
  const bars: GridBar[] = [];
  let expectedMs: number | undefined;
  for (const [i, text] of lines.entries()) {
    const line = i + 2;
    const bar = readBar(path, line, text, instrument.grid);
    const order = expectedMs === undefined ? undefined : orderFlaw(bar.openMs, expectedMs, intervalMs, gaps);
    if (order !== undefined) throw flaw(path, line, 'open_time_ms', order, String(bar.openMs));
    expectedMs = bar.openMs + intervalMs;
    bars.push(bar);
  }
  if (bars.length === 0) throw flaw(path, 2, 'line', 'at least one bar', '');
  return bars;
}

function readBar(path: string, line: number, text: string, grid: Grid): GridBar {
  const fields = text.split(',');
  if (fields.length !== COLUMNS.length) throw flaw(path, line, 'line', `${COLUMNS.length} columns`, text);
  const [time = '', open = '', high = '', low = '', close = '', volume = ''] = fields;
  const price = (field: Column, value: string): number => {
    const count = toGrid(value, grid.tick, 'exact');
    if (count > 0) return count;
    throw flaw(path, line, field, `a positive decimal on the tick ${grid.tick.value.toFixed()}`, value);
  };
  const quantity = toGrid(volume, grid.step, 'exact');
  if (!(quantity >= 0))
    throw flaw(
      path,
      line,
      'volume',
      `a decimal of 0 or more on the step ${grid.step.value.toFixed()}`,
      volume,
    );
  const bar: GridBar = {
    openMs: /^\d{1,15}$/.test(time) ? Number(time) : NaN,
    open: ticks(price('open', open)),
    high: ticks(price('high', high)),
    low: ticks(price('low', low)),
    close: ticks(price('close', close)),
    volume: lots(quantity),
  };
  const wrong = barFlaw(bar);
  if (wrong === undefined) return bar;
  const column = COLUMN_OF[wrong.field];
  throw flaw(path, line, column, wrong.expected, fields[COLUMNS.indexOf(column)] ?? '');
}

function orderFlaw(
  openMs: number,
  expectedMs: number,
  intervalMs: number,
  gaps: 'refuse' | 'keep',
): string | undefined {
  if (openMs === expectedMs) return undefined;
  if (openMs === expectedMs - intervalMs) return `${expectedMs}; this bar is there twice`;
  if (openMs < expectedMs) return `${expectedMs}; this bar is out of order`;
  return gaps === 'keep' ? undefined : `${expectedMs}; bars are missing before this one`;
}

async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new PortcullisError('FILE_UNREADABLE', `${path}: cannot be read: ${reason(cause)}`, {
      cause,
      details: { file: path },
    });
  }
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes.toString('utf8');
  try {
    return (await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES })).toString('utf8');
  } catch (cause) {
    throw new PortcullisError(
      'INPUT_INVALID',
      `${path}: expected whole gzip data of at most ${MOST_BYTES} bytes unpacked: ${reason(cause)}`,
      { cause, details: { file: path } },
    );
  }
}

const reason = (cause: unknown): string => messageOf(cause);
const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

function flaw(path: string, line: number, field: string, expected: string, value: string): PortcullisError {
  const got = JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}...` : value);
  return new PortcullisError(
    'INPUT_INVALID',
    `${path}: line ${line}: ${field}: expected ${expected}, got ${got}`,
    { details: { file: path, line, field, expected, value: got } },
  );
}
