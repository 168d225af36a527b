import { redactText } from './redact.ts';

/** What an error, or whatever else was thrown, says of itself: secrets left out. Never throws. */
export function errorText(thrown: unknown): string {
  try {
    return redactText(String(thrown));
  } catch {
    return 'something that cannot be read as text';
  }
}
