/**
 * How likely at least `errors` of `trials` are when each fails with probability `p`: the upper tail of the binomial
 * distribution, sum over k >= errors of C(trials, k) p^k (1 - p)^(trials - k). Exact, no normal approximation, so it holds for a
 * handful of requests as well.
 *
 * Source: Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial, 1934.
 *
 * @param p from 0 to 1
 */
export function binomialTail(errors: number, trials: number, p: number): number {
  if (errors <= 0) return 1;
  if (p <= 0 || errors > trials) return 0;
  if (p >= 1) return 1;
  // Summed from the far side where terms only shrink; the other tail is the rest.
  if (errors <= trials * p) return 1 - binomialTail(trials - errors + 1, trials, 1 - p);
  const first = Math.exp(
    logChoose(trials, errors) + errors * Math.log(p) + (trials - errors) * Math.log1p(-p),
  );
  return tail(first, errors, trials, (k) => ((trials - k) / (k + 1)) * (p / (1 - p)));
}

/**
 * Fisher's exact test, one-sided: how likely the candidate has at least `errors` of all errors when both versions fail equally
 * often. The upper tail of the hypergeometric distribution, sum over k >= errors of
 * C(trials, k) C(trials0, all - k) / C(trials + trials0, all), with `all` the errors of both.
 *
 * Source: Fisher, The logic of inductive inference, Journal of the Royal Statistical Society 98, 1935.
 *
 * @param baseErrors errors of the baseline, out of `baseTrials`
 */
export function fisherTail(errors: number, trials: number, baseErrors: number, baseTrials: number): number {
  if (errors <= 0) return 1;
  if (baseErrors < 0 || errors > trials) return 0;
  const all = errors + baseErrors;
  const whole = trials + baseTrials;
  if (errors <= (trials * all) / whole) return 1 - fisherTail(baseErrors + 1, baseTrials, errors - 1, trials);
  const first = Math.exp(
    logChoose(trials, errors) + logChoose(baseTrials, baseErrors) - logChoose(whole, all),
  );
  const last = Math.min(trials, all);
  return tail(
    first,
    errors,
    last,
    (k) => ((trials - k) / (k + 1)) * ((all - k) / (baseTrials - all + k + 1)),
  );
}

/** Sum of shrinking terms from `from` to `to`; `ratio(k)` is the term of k + 1 over that of k. */
function tail(first: number, from: number, to: number, ratio: (k: number) => number): number {
  let term = first;
  let sum = first;
  for (let k = from; k < to && term > sum * Number.EPSILON; k += 1) {
    term *= ratio(k);
    sum += term;
  }
  return Math.min(sum, 1);
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/** From here on Stirling's series is good to 12 digits. */
const STIRLING_FROM = 16;

/** ln n!, by Stirling's series (Abramowitz and Stegun, 6.1.41). */
function logFactorial(n: number): number {
  if (n < STIRLING_FROM) {
    let product = 1;
    for (let factor = 2; factor <= n; factor += 1) product *= factor;
    return Math.log(product);
  }
  const x = n + 1;
  const square = x * x;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
