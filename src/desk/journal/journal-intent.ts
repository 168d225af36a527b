import { z } from 'zod';
import type { JsonValue } from '../../storage/json.ts';

const text = z.string();

/** An intent as it is written down: its decimals are plain text. */
export const intentSchema = z.object({
  intentId: text,
  accountId: text,
  strategyId: text,
  instrumentId: text,
  side: z.enum(['buy', 'sell']),
  quantity: text,
  reduceOnly: z.boolean().exactOptional(),
  price: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('limit'),
      limit: text,
      postOnly: z.boolean().exactOptional(),
      timeInForce: z.enum(['GTC', 'IOC', 'FOK']).exactOptional(),
    }),
    z.object({ type: z.literal('market'), maxSlippageBps: z.number() }),
  ]),
});

export type RecordedIntent = z.output<typeof intentSchema>;

type Fields = Readonly<Record<string, JsonValue | undefined>>;

const NONE: Fields = {};

/** The fields of an object; none of anything else. */
export const fieldsOf = (raw: JsonValue | undefined): Fields =>
  typeof raw === 'object' && raw !== null ? (raw as Fields) : NONE;

/** As the schema reads it, many times as fast; undefined for what the schema should look at. */
export function readIntent(raw: JsonValue | undefined): RecordedIntent | undefined {
  const { intentId, accountId, strategyId, instrumentId, side, quantity, reduceOnly, price } = fieldsOf(raw);
  const asked = readPrice(price);
  if (
    asked === undefined ||
    typeof intentId !== 'string' ||
    typeof accountId !== 'string' ||
    typeof strategyId !== 'string' ||
    typeof instrumentId !== 'string' ||
    typeof quantity !== 'string' ||
    !(side === 'buy' || side === 'sell') ||
    !isFlag(reduceOnly)
  )
    return undefined;
  const about: Omit<RecordedIntent, 'price'> = {
    intentId,
    accountId,
    strategyId,
    instrumentId,
    side,
    quantity,
  };
  return reduceOnly === undefined ? { ...about, price: asked } : { ...about, reduceOnly, price: asked };
}

function readPrice(raw: JsonValue | undefined): RecordedIntent['price'] | undefined {
  const { type, limit, postOnly, timeInForce, maxSlippageBps } = fieldsOf(raw);
  if (type === 'market' && typeof maxSlippageBps === 'number') return { type, maxSlippageBps };
  if (type !== 'limit' || typeof limit !== 'string' || !isFlag(postOnly)) return undefined;
  if (!(timeInForce === undefined || isTimeInForce(timeInForce))) return undefined;
  const price: { -readonly [K in keyof LimitPrice]: LimitPrice[K] } = { type, limit };
  if (postOnly !== undefined) price.postOnly = postOnly;
  if (timeInForce !== undefined) price.timeInForce = timeInForce;
  return price;
}

type LimitPrice = RecordedIntent['price'] & { type: 'limit' };

const isFlag = (value: JsonValue | undefined): value is boolean | undefined =>
  value === undefined || typeof value === 'boolean';

export const isTimeInForce = (value: JsonValue | undefined): value is 'GTC' | 'IOC' | 'FOK' =>
  value === 'GTC' || value === 'IOC' || value === 'FOK';
