import { z } from 'zod';
import { canonicalJson } from '../../audit/canonical-json.ts';
import { idSchema } from '../../core/ids.ts';
import { parseOptions } from '../../core/options.ts';
import { signText } from '../../core/signatures.ts';
import { type OrderIntent, copyIntent } from '../../trading/order-intent.ts';

/** What a person signs: this order may pass these gates, until then. */
export interface OverrideTerms {
  /** Chosen by the signer, never used twice. */
  readonly overrideId: string;
  /** The order as a whole, so that the signer knows what it is about. */
  readonly intent: OrderIntent;
  /** Exact names of optional gates: `order-value` is not `order-value@strategy:momentum`. */
  readonly gates: readonly string[];
  /** Name of the signer. */
  readonly by: string;
  readonly reason: string;
  /** Wall time, milliseconds since the Unix epoch. */
  readonly issuedAtMs: number;
  /** Wall time from which on it is void. */
  readonly expiresAtMs: number;
}

/** An override with its signature: plain JSON, to be sent on as it is. */
export interface SignedOverride extends OverrideTerms {
  readonly version: 1;
  /** Ed25519, base64url. */
  readonly signature: string;
}

const VERSION = 1;

const priceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('limit'),
    limit: z.string(),
    postOnly: z.boolean().exactOptional(),
    timeInForce: z.enum(['GTC', 'IOC', 'FOK']).exactOptional(),
  }),
  z.strictObject({ type: z.literal('market'), maxSlippageBps: z.number() }),
]);

const terms = {
  overrideId: idSchema,
  intent: z.strictObject({
    intentId: idSchema,
    accountId: idSchema,
    strategyId: idSchema,
    instrumentId: idSchema,
    side: z.enum(['buy', 'sell']),
    quantity: z.string(),
    reduceOnly: z.boolean().exactOptional(),
    price: priceSchema,
  }),
  gates: z.array(z.string().min(1)).min(1).max(32),
  by: z.string().trim().min(1),
  reason: z.string().trim().min(1),
  issuedAtMs: z.number(),
  expiresAtMs: z.number(),
};
const termsSchema = z.strictObject(terms);
const signedSchema = z.strictObject({ version: z.literal(VERSION), ...terms, signature: z.string() });

/**
 * Signs an override, where the private key is: never in the trading process.
 *
 * @param privateKey Ed25519, PEM, PKCS #8
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function signOverride(privateKey: string, asked: OverrideTerms): SignedOverride {
  const intent = copyIntent(asked.intent);
  const given = { ...asked, intent } as z.input<typeof termsSchema>; // decimals are text by now, or refused
  const unsigned = { version: VERSION, ...parseOptions('signOverride', termsSchema, given) } as const;
  return { ...unsigned, signature: signText(privateKey, signedText(unsigned)) };
}

/** An override as it came from outside; what is wrong with its shape when it is none. */
export function readOverride(given: unknown): SignedOverride | string {
  const { data, error } = signedSchema.safeParse(given);
  if (data !== undefined) return data;
  return error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
}

/** What the signature is over. It begins with what it is for, so that nothing else that was signed can pass as one. */
export const signedText = (
  override: OverrideTerms & { readonly version: 1; readonly signature?: string },
): string => {
  const { signature: _, ...unsigned } = override;
  return `portcullis override\n${canonicalJson(unsigned)}`;
};
