import type { Failure } from './failure.ts';

/** The failure, with earlier work that was given up and may still run. Its `stillRunning` settles when all has ended. */
export function withEarlier(failure: Failure, earlier: Promise<void> | undefined): Failure {
  if (earlier === undefined) return failure;
  const { stillRunning } = failure;
  return {
    ...failure,
    stillRunning: stillRunning === undefined ? earlier : earlier.then(() => stillRunning),
  };
}
