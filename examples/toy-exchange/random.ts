import { hash } from 'node:crypto';

/** Uniform in [0, 1), the same for the same words for ever: no state to save, none to lose. */
export const chance = (...words: readonly (string | number)[]): number =>
  parseInt(hash('sha256', words.join(' ')).slice(0, 12), 16) / 2 ** 48;
