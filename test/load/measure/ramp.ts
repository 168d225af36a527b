const STEPS = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;
/** How often the gap between the highest that holds and the lowest that does not is halved. */
const HALVINGS = 2;

/** What was tried at a rate. */
export interface Tried<T> {
  readonly rate: number;
  readonly holds: boolean;
  readonly result: T;
}

/**
 * Looks for the highest rate up to `fullRate` that holds: step by step until one fails twice, then between it and the last one
 * that held.
 */
export async function ramp<T>(
  fullRate: number,
  attempt: (rate: number) => Promise<Omit<Tried<T>, 'rate'>>,
): Promise<readonly Tried<T>[]> {
  const tried: Tried<T>[] = [];
  const hold = async (rate: number): Promise<boolean> => {
    for (let time = 0; time < 2; time += 1) {
      const { holds, result } = await attempt(rate);
      tried.push({ rate, holds, result });
      if (holds) return true;
    }
    return false;
  };
  let [low, high] = [0, 0];
  for (const rate of new Set(STEPS.map((step) => Math.max(1, Math.round(step * fullRate))))) {
    if (!(await hold(rate))) {
      high = rate;
      break;
    }
    low = rate;
  }
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = Math.round((low + high) / 2);
    if (middle <= low || middle >= high) break;
    if (await hold(middle)) low = middle;
    else high = middle;
  }
  return tried;
}

/** The highest rate that held; 0 for none. */
export const highest = (tried: readonly { readonly rate: number; readonly holds: boolean }[]): number =>
  Math.max(0, ...tried.filter(({ holds }) => holds).map(({ rate }) => rate));
