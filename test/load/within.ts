/** The same promise, but for no longer than that. @throws {Error} that says what was waited for */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`${what}: not within ${ms} ms`));
  }, ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks until something else than `undefined` is answered. What is thrown counts as no answer yet. */
export async function until<T>(
  ms: number,
  what: string,
  everyMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const endMs = performance.now() + ms;
  let why = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      why = ` (${String(error)})`;
    }
    if (performance.now() > endMs) throw new Error(`${what}: not within ${ms} ms${why}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
