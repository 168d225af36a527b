import { PortcullisError } from '../core/errors.ts';
import type { Tenure } from '../storage/lease-hold.ts';
import { type Denial, deny } from '../trading/denial.ts';

/**
 * Whether a desk, or its journal, may still act: always, where it needs no lease for that. Ask in the tick in which you act.
 * Once it is over it stays over.
 */
export class DeskTenure {
  readonly #tenure: Tenure | undefined;
  readonly #onOver: () => void;
  #isOver = false;

  /** @param onOver is called once, when it is first seen to be over */
  constructor(tenure: Tenure | undefined, onOver: () => void = () => undefined) {
    this.#tenure = tenure;
    this.#onOver = onOver;
  }

  get isOver(): boolean {
    if (!this.#isOver && this.#tenure !== undefined && !isHeld(this.#tenure)) this.end();
    return this.#isOver;
  }

  /** Somebody else has said so. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }

  denial(): Denial | undefined {
    return this.isOver ? deny('lease', 'LEASE_LOST') : undefined;
  }

  error(what: string): PortcullisError | undefined {
    return this.isOver ? new PortcullisError('LEASE_LOST', leaseLost(what)) : undefined;
  }

  /** @throws {PortcullisError} `LEASE_LOST` */
  require(what: string): void {
    const lost = this.error(what);
    if (lost !== undefined) throw lost;
  }
}

/** Why a desk does not do something any more. */
export const leaseLost = (what: string): string => `LEASE_LOST: ${what}: the lease is not held any more`;

const FENCED: ReadonlySet<string> = new Set(['LEASE_LOST', 'LOG_FENCED']);

/** Whether a journal refuses us because somebody else has it now. */
export const isDeposed = (error: unknown): boolean =>
  error instanceof PortcullisError && FENCED.has(error.code);

function isHeld(tenure: Tenure): boolean {
  try {
    return tenure.isHeld() === true; // eslint-disable-line @typescript-eslint/no-unnecessary-boolean-literal-compare -- who wrote it may not use types
  } catch {
    return false;
  }
}
