/** What an error, or whatever else was thrown, says of itself. Never throws, also for what cannot be made text. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return 'something that cannot be read as text';
  }
}
