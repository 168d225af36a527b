import { z } from 'zod';
import type { AuditEvent, AuditLog } from '../../audit/audit-log.ts';
import type { Clock } from '../../core/clock.ts';
import { clientOrderId } from '../../core/ids.ts';
import { parseOptions } from '../../core/options.ts';
import { person, system } from '../../core/principal.ts';
import { type Verifier, verifierOf } from '../../core/signatures.ts';
import { messageOf } from '../../core/message-of.ts';
import type { StateStore } from '../../storage/state-store.ts';
import { type Denial, deny } from '../../trading/denial.ts';
import { type OrderIntent, sameIntent } from '../../trading/order-intent.ts';
import { type SignedOverride, readOverride, signedText } from './override.ts';

const schema = z.strictObject({
  /** Who may sign: public Ed25519 key as PEM, by name. */
  persons: z.record(z.string().min(1), z.string()),
  /** Longest time between issue and expiry. */
  maxLifetimeMs: z.number().min(1).default(900_000),
  /** How long store and audit log may each take before the override counts as refused. */
  writeTimeoutMs: z.number().min(1).default(5_000),
});

/** @interface */
export type OverrideOptions = z.input<typeof schema>;

export interface OverrideRegisterDeps {
  readonly store: Pick<StateStore, 'set'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Pick<Clock, 'nowMs' | 'deadline'>;
}

/** An override that has been spent on its order. */
export interface SpentOverride {
  readonly overrideId: string;
  readonly gates: ReadonlySet<string>;
  /** Wall time from which on it is void, spent or not. */
  readonly expiresAtMs: number;
}

const GATE = 'override';

/**
 * Takes overrides of limits as named persons sign them: for one order, for a while, once. One is spent, in memory at once
 * and on disk before the order is decided; whatever goes wrong after that, it stays spent.
 */
export class OverrideRegister {
  readonly #rules: z.output<typeof schema>;
  readonly #verifiers: ReadonlyMap<string, Verifier>;
  readonly #deps: OverrideRegisterDeps;
  readonly #spent = new Set<string>();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: OverrideOptions, deps: OverrideRegisterDeps) {
    this.#rules = parseOptions('OverrideRegister', schema, options);
    this.#verifiers = new Map(
      Object.entries(this.#rules.persons).map(([name, publicKey]) => [name, verifierOf(publicKey)]),
    );
    this.#deps = deps;
  }

  /**
   * Spends an override on an order. Never rejects.
   *
   * @param given as it came from outside
   * @param mayOverride whether a gate of exactly this name can be overridden
   * @returns a denial when it is not valid for this order now, or not durably spent
   */
  async spend(
    given: unknown,
    intent: OrderIntent,
    mayOverride: (gate: string) => boolean,
  ): Promise<SpentOverride | Denial> {
    const override = readOverride(given);
    if (typeof override === 'string') return this.#refuse(intent, `malformed: ${override}`);
    const why = this.#flaw(override, intent, mayOverride);
    if (why !== undefined) return this.#refuse(intent, why, override);
    this.#spent.add(override.overrideId);
    const unspent = await this.#write(override, intent);
    // It may have taken a while.
    const late = unspent ?? this.#untimely(override);
    if (late !== undefined) return this.#refuse(intent, late, override);
    const { overrideId, gates, expiresAtMs } = override;
    return { overrideId, gates: new Set(gates), expiresAtMs };
  }

  /** Why it is not valid; nothing is told of an override before its signature is known to be good. */
  #flaw(
    override: SignedOverride,
    intent: OrderIntent,
    mayOverride: (gate: string) => boolean,
  ): string | undefined {
    const { by, signature, gates, overrideId } = override;
    const verify = this.#verifiers.get(by);
    if (verify === undefined) return `unknown person ${JSON.stringify(by)}`;
    if (!verify(signedText(override), signature)) return 'bad signature';
    if (override.intent.intentId !== intent.intentId || !sameIntent(override.intent, intent)) {
      return `signed for another order: ${idOf(override.intent)}`;
    }
    const untimely = this.#untimely(override);
    if (untimely !== undefined) return untimely;
    const mandatory = gates.filter((gate) => !mayOverride(gate));
    if (mandatory.length > 0) return `no gate that can be overridden: ${mandatory.join(', ')}`;
    return this.#spent.has(overrideId) ? 'already spent' : undefined;
  }

  #untimely({ issuedAtMs, expiresAtMs }: SignedOverride): string | undefined {
    const nowMs = this.#deps.clock.nowMs();
    const lifetimeMs = expiresAtMs - issuedAtMs;
    const { maxLifetimeMs } = this.#rules;
    if (!(lifetimeMs > 0 && lifetimeMs <= maxLifetimeMs)) {
      return `a lifetime of ${lifetimeMs} ms, expected above 0 and at most ${maxLifetimeMs}`;
    }
    if (!(issuedAtMs <= nowMs)) return `not yet valid: issued ${issuedAtMs - nowMs} ms from now`;
    return nowMs < expiresAtMs ? undefined : `expired ${nowMs - expiresAtMs} ms ago`;
  }

  /** Why it is not durably spent, and recorded with who and why. */
  async #write(override: SignedOverride, intent: OrderIntent): Promise<string | undefined> {
    const { overrideId, by, reason, gates, issuedAtMs, expiresAtMs } = override;
    const { store, audit, clock } = this.#deps;
    const order = idOf(intent);
    try {
      const value = { version: 1, by, order, spentAtMs: clock.nowMs() };
      // For ever: a wall clock that steps back must not bring it back.
      const { outcome } = await this.#inTime(() => store.set(keyOf(overrideId), value, { ifVersion: 0 }));
      if (outcome === 'conflict') return 'already spent';
      const event = { reason, overrideId, gates, clientOrderId: order, issuedAtMs, expiresAtMs };
      await this.#inTime(() => audit.record({ kind: 'override.spent', by: person(by), ...event }));
      return undefined;
    } catch (error) {
      return `it could not be spent: ${messageOf(error)}`;
    }
  }

  async #refuse(intent: OrderIntent, why: string, override?: SignedOverride): Promise<Denial> {
    const event: AuditEvent = {
      kind: 'override.refused',
      by: system('override-register'),
      clientOrderId: idOf(intent),
      why,
      // As it says: who signed it may be what is wrong with it.
      ...(override && {
        overrideId: override.overrideId,
        signer: override.by,
        reason: override.reason,
        gates: override.gates,
      }),
    };
    // Nothing passes either way, and the decision about the order is recorded by the desk as well.
    await this.#inTime(() => this.#deps.audit.record(event)).catch(() => undefined);
    return deny(GATE, 'OVERRIDE_INVALID', { note: why });
  }

  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    const { writeTimeoutMs } = this.#rules;
    const late = Promise.withResolvers<never>();
    using _timer = this.#deps.clock.deadline(writeTimeoutMs, () => {
      late.reject(new Error(`no answer within ${writeTimeoutMs} ms`));
    });
    return await Promise.race([work(), late.promise]);
  }
}

const idOf = ({ accountId, strategyId, intentId }: OrderIntent): string =>
  clientOrderId(accountId, strategyId, intentId);

const keyOf = (overrideId: string): string => `override:${overrideId}`;
