import { isAbsolute } from 'node:path';

/** Where a secret stands. */
export type SecretReference =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'vault'; readonly reference: string }
  /** The secret itself, where that is allowed. */
  | { readonly kind: 'literal'; readonly text: string };

/** How a secret is written. */
export const HOW_TO_WRITE =
  'expected where the secret stands, not the secret: env:NAME, file:/absolute/path or vault:reference';

/** `undefined` for a text that is none. */
export function secretReference(text: string): Exclude<SecretReference, { kind: 'literal' }> | undefined {
  const at = text.indexOf(':');
  const rest = text.slice(at + 1);
  switch (text.slice(0, Math.max(at, 0))) {
    case 'env':
      return /^[A-Za-z_][A-Za-z0-9_.]*$/.test(rest) ? { kind: 'env', name: rest } : undefined;
    case 'file':
      return isAbsolute(rest) ? { kind: 'file', path: rest } : undefined;
    case 'vault':
      return rest.trim() === '' ? undefined : { kind: 'vault', reference: rest };
    default:
      return undefined;
  }
}

/** The reference for people: never a literal. */
export function referenceText(reference: SecretReference): string {
  switch (reference.kind) {
    case 'env':
      return `env:${reference.name}`;
    case 'file':
      return `file:${reference.path}`;
    case 'vault':
      return `vault:${reference.reference}`;
    case 'literal':
      return 'a literal';
  }
}
