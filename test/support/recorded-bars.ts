import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A week of one-minute bars of a real exchange; not part of the repository. */
export const BARS_FILE = join(
  process.env['PORTCULLIS_DATA'] ?? '../shared/data',
  'binance-dashusdt-1m-2020-09-09.csv.gz',
);

/** Why tests on these bars are skipped, or `undefined`. */
export const barsMissing = existsSync(BARS_FILE)
  ? undefined
  : `no recording at ${BARS_FILE}: set PORTCULLIS_DATA`;
