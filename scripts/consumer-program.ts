// Type-checked and run by scripts/consumer-check.ts in a project that has installed the tarball.
import assert from 'node:assert/strict';
import { type Clock, ManualClock, PortcullisError, createGrid } from 'portcullis/core';
import { Ema, type EmaOptions } from 'portcullis/indicators';
import { type Instrument, defineInstrument } from 'portcullis/trading';

const clock: Clock = new ManualClock();
assert.equal(typeof clock.nowMs(), 'number');

const options: EmaOptions = { period: 3 };
const ema = new Ema(options);
assert.deepEqual(
  [1, 2, 3, 4].map((close) => ema.update(close)),
  [NaN, NaN, 2, 3],
);

assert.throws(
  // @ts-expect-error the option is misspelt
  () => new Ema({ perod: 3 }),
  // One class, whichever subpath threw it.
  (error) => error instanceof PortcullisError && error.code === 'OPTION_INVALID',
);

assert.ok(createGrid('0.01', '0.001'));
const define: (options: Parameters<typeof defineInstrument>[0]) => Instrument = defineInstrument;
assert.equal(typeof define, 'function');

console.log('the consumer program ran');
