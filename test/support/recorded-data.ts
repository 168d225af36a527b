import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The recording of a real exchange; not part of the repository. */
export const RECORDING = join(
  process.env['PORTCULLIS_DATA'] ?? '../shared/data',
  'binance-spot-btcusdt-2024-08-08.log.gz',
);

/** Why tests on the recording are skipped, or `undefined`. */
export const recordingMissing = existsSync(RECORDING)
  ? undefined
  : `no recording at ${RECORDING}: set PORTCULLIS_DATA`;
