const TOP = Number.MAX_SAFE_INTEGER;

/** Adds up safe integers, and takes them away again, without ever rounding: also where a sum has been beyond the safe range. */
export class ExactSum {
  #sum = 0;
  /** How often the top of the safe range was taken out of the sum. */
  #carries = 0;

  /** Exact within the safe range; beyond it as near as a float comes, and beyond it as well. */
  get value(): number {
    return this.#carries === 0 ? this.#sum : this.#carries * TOP + this.#sum;
  }

  /** @param amount a safe integer */
  add(amount: number): void {
    const next = this.#sum + amount;
    if (next <= TOP && next >= -TOP) {
      this.#sum = next;
      return;
    }
    const sign = next > 0 ? 1 : -1;
    this.#sum = this.#sum - sign * TOP + amount;
    this.#carries += sign;
  }
}
