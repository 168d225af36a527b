interface Owned<M> {
  readonly member: M;
  events: number;
}

/** Which member has events of a key on their way, so that the next ones of that key go to the same. */
export class KeyOwners<M> {
  readonly #owned = new Map<string, Owned<M>>();

  of(key: string): M | undefined {
    return this.#owned.get(key)?.member;
  }

  take(key: string, member: M): void {
    const owned = this.#owned.get(key);
    if (owned === undefined) this.#owned.set(key, { member, events: 1 });
    else owned.events += 1;
  }

  /** @returns whether it was the last one of its key */
  release(key: string): boolean {
    const owned = this.#owned.get(key);
    if (owned === undefined) return false;
    owned.events -= 1;
    return owned.events === 0 && this.#owned.delete(key);
  }
}

/** FNV-1a: the same for the same key, well spread. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
