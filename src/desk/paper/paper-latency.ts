import { z } from 'zod';
import type { SeededRandom } from '../../core/random.ts';

const LONGEST_MS = 60_000;
/** The 99 % quantile of the standard normal distribution. */
const NORMAL_P99 = 2.3263478740408408;
const LN_2 = Math.log(2);
const LN_100 = Math.log(100);

const ms = z.number().min(0).max(LONGEST_MS);

const quantiles = {
  medianMs: ms,
  /** One in a hundred takes longer. */
  p99Ms: ms,
};

/** How long something is under way: always the same, or drawn. A draw is never longer than 60,000 ms. */
export const latencySchema = z.union([
  ms,
  z.discriminatedUnion('kind', [
    /** Its logarithm is normal: nothing is quick for sure, few are very late. */
    z
      .strictObject({ kind: z.literal('log-normal'), ...quantiles })
      .refine(({ medianMs, p99Ms }) => medianMs > 0 && p99Ms >= medianMs, {
        path: ['p99Ms'],
        message: 'expected at least medianMs, and medianMs above 0',
      }),
    /** A shortest time, and a wait behind others on top of it that is exponential. */
    z
      .strictObject({ kind: z.literal('shifted-exponential'), ...quantiles })
      .refine(({ medianMs, p99Ms }) => p99Ms >= medianMs && shortest({ medianMs, p99Ms }) >= 0, {
        path: ['p99Ms'],
        message: 'expected at least medianMs and at most 6.64 times that',
      }),
    /** As measured: each as likely as the other. */
    z.strictObject({ kind: z.literal('empirical'), samplesMs: z.array(ms).min(1) }),
  ]),
]);

/** @useDeclaredType */
export type Latency = z.input<typeof latencySchema>;

/** Ways of a message: three there, the way of a question, and the way of everything back. */
const legs = ['entry', 'cancel', 'amend', 'query', 'report'] as const;

export type LatencyLeg = (typeof legs)[number];

export const latencyByLegSchema = z.strictObject({
  /** Of an order on its way to the market. */
  entry: latencySchema.optional(),
  cancel: latencySchema.optional(),
  amend: latencySchema.optional(),
  /** Of a question. */
  query: latencySchema.optional(),
  /** Of everything on its way back: answers, fills, ends of orders. */
  report: latencySchema.optional(),
});

type Draw = (random: SeededRandom) => number;

/** Says how long each message takes. Each leg draws from a source of its own; what is constant draws nothing. */
export class PaperLatency {
  readonly #legs: ReadonlyMap<LatencyLeg, () => number>;

  constructor(
    usual: z.output<typeof latencySchema>,
    byLeg: z.output<typeof latencyByLegSchema>,
    random: SeededRandom,
  ) {
    this.#legs = new Map(
      legs.map((leg) => {
        const [draw, source] = [drawOf(byLeg[leg] ?? usual), random.fork()];
        return [leg, () => Math.min(draw(source), LONGEST_MS)];
      }),
    );
  }

  /** In milliseconds. */
  next(leg: LatencyLeg): number {
    return this.#legs.get(leg)?.() ?? LONGEST_MS;
  }
}

function drawOf(latency: z.output<typeof latencySchema>): Draw {
  if (typeof latency === 'number') return () => latency;
  if (latency.kind === 'empirical') {
    const { samplesMs } = latency;
    return (random) => samplesMs[random.integer(0, samplesMs.length - 1)] ?? LONGEST_MS;
  }
  const { medianMs, p99Ms } = latency;
  if (latency.kind === 'log-normal') {
    const sigma = Math.log(p99Ms / medianMs) / NORMAL_P99;
    return (random) => medianMs * Math.exp(sigma * random.normal());
  }
  const [atLeast, mean] = [shortest(latency), scale(latency)];
  return (random) => Math.max(0, atLeast - mean * Math.log(1 - random.next()));
}

interface Quantiles {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Of the exponential part: the quantile of p is `shortest - scale x ln(1 - p)`. */
const scale = ({ medianMs, p99Ms }: Quantiles): number => (p99Ms - medianMs) / (LN_100 - LN_2);

const shortest = (quantile: Quantiles): number => quantile.medianMs - scale(quantile) * LN_2;
