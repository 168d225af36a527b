/** Chooses what happens, from what was asked and its number: 1 for the first since the script was set. */
export type FaultPlan<Fault, Asked> = (asked: Asked, number: number) => Fault;

/** What happens one after the other, the last again and again; or one plan that decides each time. */
export type FaultScript<Fault, Asked> = readonly Fault[] | readonly [FaultPlan<Fault, Asked>];

/** The first `count` times one thing, then the other: a burst of errors, and it is over. */
export const burst =
  <Fault>(count: number, fault: Fault, otherwise: Fault): FaultPlan<Fault, unknown> =>
  (_asked, number) =>
    number <= count ? fault : otherwise;

/** `up` times fine, `down` times the fault, and again from the start. */
export const flapping =
  <Fault>({ up, down }: { up: number; down: number }, fault: Fault, fine: Fault): FaultPlan<Fault, unknown> =>
  (_asked, number) =>
    (number - 1) % (up + down) < up ? fine : fault;

/** Goes through a script. */
export class ScriptReader<Fault, Asked> {
  readonly #otherwise: Fault;
  #plan: FaultPlan<Fault, Asked>;
  #number = 0;

  /** @param otherwise what an empty script does */
  constructor(otherwise: Fault) {
    this.#otherwise = otherwise;
    this.#plan = () => otherwise;
  }

  /** Forgets the script before. */
  set(script: FaultScript<Fault, Asked>): void {
    const [first] = script;
    this.#plan = isPlan<Fault, Asked>(first) ? first : this.#inTurn(script as readonly Fault[]);
    this.#number = 0;
  }

  next(asked: Asked): Fault {
    this.#number += 1;
    return this.#plan(asked, this.#number);
  }

  #inTurn(faults: readonly Fault[]): FaultPlan<Fault, Asked> {
    return (_asked, number) => faults[Math.min(number, faults.length) - 1] ?? this.#otherwise;
  }
}

const isPlan = <Fault, Asked>(value: unknown): value is FaultPlan<Fault, Asked> =>
  typeof value === 'function';
