/**
 * Tells others that an entry of a shared {@link StateStore} has changed, so that they need not wait for their next look. Best
 * effort: an announcement may be lost, late or repeated, so whoever relies on the entry looks at it from time to time as well.
 *
 * @see StateStore
 */
export interface StateSignals {
  /** Call it after the write. Never rejects: what is not announced is found by looking. */
  announce(key: string): Promise<void>;
  /**
   * Calls for each announcement of the key, from others and from here, and once when announcements may have been missed; until
   * disposed.
   */
  onAnnounced(key: string, listener: () => void): Disposable;
}
