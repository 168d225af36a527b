/** How many times as many runs `npm test -- --long` makes. */
const TIMES = 20;

/** The runs of a property: `count` in CI, many more in the long form. */
export const runs = (count: number): { readonly numRuns: number } => ({
  numRuns: process.env['PORTCULLIS_LONG'] === '1' ? count * TIMES : count,
});
