const REMEMBERED = 1000;

/** Adds it, and forgets the oldest beyond a thousand. */
export function remember<T>(all: T[], item: T): void {
  all.push(item);
  if (all.length > REMEMBERED) all.shift();
}
