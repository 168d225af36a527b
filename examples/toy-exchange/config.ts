import { z } from 'zod';
import { readAmount } from './decimals.ts';

const positive = z
  .string()
  .transform((text) => readAmount(text) ?? 0n)
  .refine((amount) => amount > 0n, 'expected a positive plain decimal');
const amount = z
  .string()
  .refine((text) => readAmount(text) !== undefined, 'expected a plain decimal of 0 or more');
const rate = z
  .string()
  .regex(/^-?0(?:\.\d{1,12})?$/, 'expected a rate between -1 and 1, such as 0.0005')
  .transform((text) => {
    const size = readAmount(text.replace('-', '')) ?? 0n;
    return text.startsWith('-') ? -size : size;
  });
const bucket = z.strictObject({ burst: z.int().min(1), perSecond: z.number().positive() });

const instrument = z.strictObject({
  symbol: z.string().regex(/^[A-Z0-9]{1,20}$/),
  base: z.string().min(1),
  quote: z.string().min(1),
  tick: positive,
  step: positive,
  minQuantity: positive,
  /** In the quote currency; default none. */
  minNotional: amount.default('0').transform((text) => readAmount(text) ?? 0n),
  /** Of the notional; negative for a rebate. */
  makerFeeRate: rate.default(() => 200_000_000n),
  takerFeeRate: rate.default(() => 500_000_000n),
  /** Where the random walk begins. */
  startPrice: positive,
});

/** What can be traded here, amounts in 10^-12. */
export type Listing = z.output<typeof instrument>;

const account = z.strictObject({
  accountId: z.string().min(1),
  key: z.string().min(1),
  secret: z.string().min(8),
  /** Put in when the account is new. */
  balances: z.record(z.string(), amount).default({}),
  /** `cash`: buys need money and sells need the goods. `margin`: nothing is checked. */
  funding: z.enum(['cash', 'margin']).default('margin'),
});

export const configSchema = z.strictObject({
  instruments: z
    .array(instrument)
    .min(1)
    .prefault([
      {
        symbol: 'BTCUSDT',
        base: 'BTC',
        quote: 'USDT',
        tick: '0.01',
        step: '0.0001',
        minQuantity: '0.0001',
        minNotional: '10',
        startPrice: '50000',
      },
    ]),
  accounts: z
    .array(account)
    .min(1)
    .prefault([
      { accountId: 'main', key: 'key-of-main', secret: 'secret-of-main', balances: { USDT: '100000' } },
    ]),
  /** Token buckets, one of each per key. */
  limits: z
    .strictObject({
      orders: bucket.default({ burst: 200, perSecond: 200 }),
      cancels: bucket.default({ burst: 400, perSecond: 400 }),
      questions: bucket.default({ burst: 400, perSecond: 400 }),
    })
    .prefault({}),
});

export type ExchangeConfig = z.output<typeof configSchema>;
/** What a configuration file holds. */
export type ExchangeConfigInput = z.input<typeof configSchema>;
