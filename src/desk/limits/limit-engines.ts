import { hash } from 'node:crypto';
import { canonicalJson } from '../../audit/canonical-json.ts';
import { PortcullisError } from '../../core/errors.ts';
import {
  type ExecutionLimits,
  type ExecutionLimitsInput,
  executionLimitsSchema,
  parseExecutionLimits,
} from '../../execution/execution-limits.ts';
import type { ExecutionPolicy } from '../../execution/execution-policy.ts';
import type { RiskGuard } from '../../risk/risk-guard.ts';
import { parseRiskLimits } from '../../risk/risk-limits.ts';
import { type RiskLimits, type RiskLimitsInput, riskLimitsSchema } from '../../risk/risk-limits.ts';
import { type FirmCap, cappedLimits } from './limit-cap.ts';
import { type LimitText, limitText } from './limit-text.ts';

/** The limits of both engines. */
export interface Limits {
  readonly risk: RiskLimits;
  readonly execution: ExecutionLimits;
}

/** Limits of both engines as they stand in a file or on disk. */
export interface LimitTexts {
  readonly risk: LimitText;
  readonly execution: LimitText;
}

export interface LimitInputs {
  /** All of them: what is left out is at its default. Without any, those of the guard stay. */
  readonly risk?: RiskLimitsInput | undefined;
  /** All of them: what is left out is at its default. Without any, those of the policy stay. */
  readonly execution?: ExecutionLimitsInput | undefined;
}

/** Puts limits in force in both engines, in one step. Their counters are their own, and stay. */
export class LimitEngines {
  readonly #guard: RiskGuard;
  readonly #policy: ExecutionPolicy;
  /** As somebody wrote them, while the guard has them with a cap. */
  #written: RiskLimits | undefined;
  #cap: FirmCap | undefined;

  constructor(guard: RiskGuard, policy: ExecutionPolicy) {
    this.#guard = guard;
    this.#policy = policy;
  }

  /** In force, but for the cap and what stands beside. */
  get limits(): Limits {
    return { risk: this.#written ?? this.#guard.limits, execution: this.#policy.limits };
  }

  adopt({ risk, execution }: Limits): void {
    this.#adoptRisk(risk);
    this.#policy.adopt(execution);
  }

  /** The firm scope has at most this from here on, whatever is adopted. Ends what stands beside. */
  cap(most: FirmCap): void {
    this.#cap = most;
    this.#adoptRisk(this.limits.risk);
  }

  /** Puts exactly these in force beside the adopted ones: an order has to pass all of them. */
  stand(beside: Iterable<Partial<Limits>>): void {
    this.#guard.withdraw();
    this.#policy.withdraw();
    for (const { risk, execution } of beside) {
      if (risk !== undefined) this.#guard.tighten(risk);
      if (execution !== undefined) this.#policy.tighten(execution);
    }
  }

  #adoptRisk(risk: RiskLimits): void {
    if (this.#cap === undefined) {
      this.#guard.adopt(risk);
      return;
    }
    this.#guard.adopt(cappedLimits(risk, this.#cap));
    this.#written = risk;
  }
}

/**
 * Reads the limits of both engines, or of one.
 *
 * @throws {PortcullisError} `OPTION_INVALID` with all that is wrong in either
 */
export function readLimits({ risk, execution }: LimitInputs): Partial<Limits> {
  const errors: PortcullisError[] = [];
  const read = <T>(parse: () => T): T | undefined => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const limits = {
    risk: risk && read(() => parseRiskLimits(risk)),
    execution: execution && read(() => parseExecutionLimits(execution)),
  };
  if (errors.length === 0) return given(limits);
  throw new PortcullisError('OPTION_INVALID', errors.map(({ message }) => message).join('; '), {
    details: { issues: errors.flatMap(({ details }) => details['issues']) },
  });
}

/** Reads limits as they were written. @throws {PortcullisError} `OPTION_INVALID` */
export const readRecorded = (texts: LimitTexts): Limits =>
  readLimits(texts as unknown as Required<LimitInputs>) as Limits;

/** @throws {PortcullisError} `OPTION_INVALID` for limits that cannot be written like this */
export const textOf = ({ risk, execution }: Limits): LimitTexts => ({
  risk: limitText(risk, riskLimitsSchema),
  execution: limitText(execution, executionLimitsSchema),
});

/** SHA-256 over both, whatever the order of their members. */
export const hashOf = (texts: LimitTexts): string => hash('sha256', canonicalJson(texts));

const given = ({
  risk,
  execution,
}: {
  risk?: RiskLimits | undefined;
  execution?: ExecutionLimits | undefined;
}): Partial<Limits> => ({
  ...(risk && { risk }),
  ...(execution && { execution }),
});
