import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { timeMs } from './fields.ts';

const signal = z.object({
  signalId: z.string(),
  strategyId: z.string(),
  instrumentId: z.string(),
  direction: z.enum(['buy', 'sell', 'flat']),
  confidence: z.number(),
  expiresAtMs: timeMs,
  reasons: z.array(z.string()).readonly(),
});

const tags = ['signals'] as const;

/** What a signal process serves: what it has raised itself; others of the group have theirs. */
export const signalsApi = defineApi({
  listSignals: {
    method: 'GET',
    path: '/signals',
    query: z.strictObject({
      /** Default: 100. */
      limit: z.coerce.number().int().min(1).max(1000).optional(),
    }),
    response: z.object({ signals: z.array(signal).readonly() }),
    summary: 'The last ones, the newest first.',
    tags,
  },
  listStrategies: {
    method: 'GET',
    path: '/strategies',
    response: z.object({
      strategies: z
        .array(
          z.object({
            strategyId: z.string(),
            instrumentIds: z.array(z.string()).readonly(),
            bars: z.int(),
            signals: z.int(),
          }),
        )
        .readonly(),
    }),
    summary: 'What is at work here, and how much it has seen.',
    tags,
  },
});
