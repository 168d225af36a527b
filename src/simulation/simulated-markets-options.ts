import { z } from 'zod';
import { idSchema } from '../core/ids.ts';
import { correlatedCount, correlationSchema } from './correlation.ts';
import { dailyHoursSchema } from './daily-hours.ts';
import { disturbanceSchema, illiquidShape } from './disturbance.ts';
import { instrumentShape } from './instrument-shape.ts';
import { marketShape } from './simulated-market-options.ts';

const instrumentSchema = z.strictObject({
  instrumentId: idSchema,
  ...instrumentShape,
  /**
   * How much of the crash it takes part in: 1 all of it, 0 nothing, -1 the same upwards. Default: its loading where the
   * correlation is of kind `factor`, otherwise 1.
   */
  crashLoading: z.number().min(-3).max(3).optional(),
  /** When its venue is open. Default: always. While it is closed nothing is told, and it opens with a snapshot. */
  session: z
    .strictObject({
      hours: dailyHoursSchema,
      /** How much the price moves unseen while it is closed, relative to its volatility when open: the opening gap. */
      closedVolatilityFactor: z.number().min(0).max(10).default(0.5),
    })
    .optional(),
  /** Hours with a wider spread, less depth and fewer trades; where some overlap, the first counts. */
  illiquidHours: z
    .array(z.strictObject({ hours: dailyHoursSchema, ...illiquidShape }))
    .max(20)
    .default([]),
});

export const simulatedMarketsSchema = z
  .strictObject({
    ...marketShape,
    instruments: z.array(instrumentSchema).min(1).max(200),
    /** Of the returns, in the order of the instruments. */
    correlation: correlationSchema.prefault({ kind: 'independent' }),
    disturbances: z.array(disturbanceSchema).max(1_000).default([]),
  })
  .superRefine(({ instruments, correlation, disturbances }, context) => {
    const ids = instruments.map(({ instrumentId }) => instrumentId);
    const refuse = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    for (const [i, id] of ids.entries()) {
      if (ids.indexOf(id) !== i) refuse(['instruments', i, 'instrumentId'], 'expected each instrument once');
    }
    const count = correlatedCount(correlation);
    if (count !== undefined && count !== ids.length)
      refuse(['correlation'], `expected one of ${ids.length} instruments, got one of ${count}`);
    for (const [i, { instrumentIds = [] }] of disturbances.entries()) {
      const stranger = instrumentIds.find((id) => !ids.includes(id));
      if (stranger !== undefined)
        refuse(['disturbances', i, 'instrumentIds'], `expected instruments of this market`);
    }
  })
  .transform((settings) => ({
    ...settings,
    instruments: settings.instruments.map((instrument, i) => ({
      ...instrument,
      crashLoading:
        instrument.crashLoading ??
        (settings.correlation.kind === 'factor' ? (settings.correlation.loadings[i] ?? 1) : 1),
    })),
  }));

/** @interface */
export type SimulatedMarketsOptions = z.input<typeof simulatedMarketsSchema>;

/** @interface */
export type SimulatedMarketsSettings = z.output<typeof simulatedMarketsSchema>;
