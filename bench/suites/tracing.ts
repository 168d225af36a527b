import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { NoopSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { Tracing } from 'portcullis/telemetry';
import { type BenchResult, type Suite, measure } from '../result.ts';

const SUITE = 'tracing';
const ROUNDS = 15;
const OFF_COUNT = 20_000;
const ON_COUNT = 5_000;
const VALUES = Float64Array.from({ length: 64 }, (_, i) => i * 1.5);

/**
 * What a span costs around a small function: without an SDK (`span-off`), and with one that records every span, enters its
 * context manager and exports nothing (`span-on`). `bare` is the function alone. Rounds alternate; of each the quickest
 * counts, since whatever else runs on the machine can only slow one down.
 */
export const tracing: Suite = {
  name: SUITE,
  run() {
    const rounds = Array.from({ length: ROUNDS }, () => [
      measure(SUITE, 'bare', OFF_COUNT, bareOp),
      measure(SUITE, 'span-off', OFF_COUNT, spanOp(new Tracing())),
      measureOn(),
    ]);
    const [bare, off, on] = [0, 1, 2].map((column) =>
      quickest(rounds.map((round) => round[column] as BenchResult)),
    );
    if (bare === undefined || off === undefined || on === undefined || !(kept > 0)) {
      throw new Error('nothing was measured');
    }
    return Promise.resolve([bare, beside(bare, off), beside(bare, on)]);
  },
};

function measureOn(): BenchResult {
  const provider = new TracerProvider({ spanProcessors: [new NoopSpanProcessor()] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  try {
    return measure(SUITE, 'span-on', ON_COUNT, spanOp(new Tracing({ tracer: provider.getTracer('bench') })));
  } finally {
    context.disable();
  }
}

const quickest = (results: readonly BenchResult[]): BenchResult | undefined =>
  [...results].sort((a, b) => a.nsPerOp - b.nsPerOp)[0];

const beside = (bare: BenchResult, measured: BenchResult): BenchResult => ({
  ...measured,
  vs: { bare: measured.opsPerSec / bare.opsPerSec },
});

/** Keeps the work from being left out. */
let kept = 0;

function work(): number {
  let sum = 0;
  for (const value of VALUES) sum += value;
  return sum;
}

function bareOp(): void {
  kept += work();
}

function spanOp(spans: Tracing): () => void {
  const options = { attributes: { venue: 'paper' } };
  return () => {
    kept += spans.span('work', options, work);
  };
}
