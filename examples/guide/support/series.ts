/** The lines of an exposition that begin so, without comments. */
export const seriesIn = (exposition: string, ...beginnings: readonly string[]): readonly string[] =>
  exposition.split('\n').filter((line) => beginnings.some((beginning) => line.startsWith(beginning)));
