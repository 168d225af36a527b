import { z } from 'zod';
import { chance } from './random.ts';

const REST = [
  'timeout-before',
  'timeout-after',
  'error-before',
  'error-after',
  'late-request',
  'late-answer',
  'duplicate-request',
] as const;
const STREAM = ['lost-event', 'duplicate-event', 'late-event', 'disconnect', 'lying-final'] as const;

const often = {
  /** Of each occasion, 0 to 1. */
  probability: z.number().min(0).max(1).default(1),
  /** How many times at most; default without end. */
  count: z.int().min(1).optional(),
  /** Of what is late: from, to. */
  delayMs: z.tuple([z.number().min(0), z.number().min(0)]).default([50, 200]),
};

const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.enum(REST),
    /** Which requests; default `place`. */
    on: z.enum(['place', 'amend', 'cancel', 'question', 'any']).default('place'),
    ...often,
  }),
  z.strictObject({
    kind: z.enum(STREAM),
    /** Events of this type only; default any. */
    event: z.enum(['accepted', 'amended', 'filled', 'cancelled', 'expired']).optional(),
    ...often,
  }),
  /** The clock of the exchange is off by so much, until the faults are cleared. */
  z.strictObject({ kind: z.literal('clock-offset'), offsetMs: z.number() }),
]);

export const faultsSchema = z.array(schema);

export type Fault = z.output<typeof schema>;
/** As `POST /admin/faults` takes it. */
export type FaultInput = z.input<typeof schema>;
export type RestFault = (typeof REST)[number];
export type StreamFault = (typeof STREAM)[number];
export type RequestKind = 'place' | 'amend' | 'cancel' | 'question';

interface Armed {
  readonly fault: Fault;
  readonly number: number;
  occasions: number;
  struck: number;
}

/** What goes wrong, on purpose and the same for the same seed. Nothing goes wrong unless it has been ordered. */
export class Faults {
  readonly #seed: number;
  #armed: Armed[] = [];
  #ordered = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  order(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.#ordered += 1;
      this.#armed.push({ fault, number: this.#ordered, occasions: 0, struck: 0 });
    }
  }

  clear(): void {
    this.#armed = [];
  }

  /** What has been ordered and how often it struck. */
  list(): readonly (Fault & { readonly struck: number })[] {
    return this.#armed.map(({ fault, struck }) => ({ ...fault, struck }));
  }

  /** Whether a fault strikes this request: the delay it brings (0 for those that bring none), or `undefined`. */
  onRequest(kind: RestFault, request: RequestKind): number | undefined {
    return this.#draw((f) => f.kind === kind && (f.on === 'any' || f.on === request));
  }

  /** The same for a message of the private stream. @param event its type; `undefined` for a heartbeat */
  onMessage(kind: StreamFault, event: string | undefined): number | undefined {
    return this.#draw((f) => f.kind === kind && (f.event === undefined || f.event === event));
  }

  get clockOffsetMs(): number {
    return this.#armed.reduce(
      (sum, { fault }) => sum + (fault.kind === 'clock-offset' ? fault.offsetMs : 0),
      0,
    );
  }

  #draw(applies: (fault: Exclude<Fault, { kind: 'clock-offset' }>) => boolean): number | undefined {
    for (const armed of this.#armed) {
      const { fault, number } = armed;
      if (fault.kind === 'clock-offset' || !applies(fault)) continue;
      if (armed.struck >= (fault.count ?? Infinity)) continue;
      armed.occasions += 1;
      if (chance(this.#seed, 'fault', number, armed.occasions) >= fault.probability) continue;
      armed.struck += 1;
      const [from, to] = fault.delayMs;
      return from + (to - from) * chance(this.#seed, 'delay', number, armed.occasions);
    }
    return undefined;
  }
}
