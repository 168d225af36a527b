import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { PortcullisError } from './errors.ts';

/** An Ed25519 key pair as PEM text. The private one stays with the person who signs. */
export interface SigningKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Whether a signature is one over exactly this text, by the holder of the key. Never throws. */
export type Verifier = (text: string, signature: string) => boolean;

const ALGORITHM = 'ed25519';
/** Anything longer is none: it is not even decoded. */
const LONGEST_SIGNATURE = 100;

export const newSigningKeys = (): SigningKeys =>
  generateKeyPairSync(ALGORITHM, {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

/**
 * Signs a text with Ed25519.
 *
 * @param privateKey PEM, PKCS #8
 * @returns 64 bytes as base64url
 * @throws {PortcullisError} `OPTION_INVALID` when the key is no private Ed25519 key
 */
export function signText(privateKey: string, text: string): string {
  const key = readKey('private', () => createPrivateKey(privateKey));
  return sign(null, Buffer.from(text), key).toString('base64url');
}

/**
 * Checks signatures of one person.
 *
 * @param publicKey PEM, SPKI
 * @throws {PortcullisError} `OPTION_INVALID` when the key is no public Ed25519 key
 */
export function verifierOf(publicKey: string): Verifier {
  // A private key would do as well, and has no business here.
  const isPrivate = typeof publicKey === 'string' && publicKey.includes('PRIVATE KEY');
  const key = readKey('public', () => (isPrivate ? undefined : createPublicKey(publicKey)));
  return (text, signature) => {
    if (signature.length > LONGEST_SIGNATURE) return false;
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  };
}

/** Says nothing of what the key was: it may be a secret in the wrong place. */
function readKey<K extends { readonly asymmetricKeyType?: string | undefined }>(
  kind: 'private' | 'public',
  read: () => K | undefined,
): K {
  let key: K | undefined;
  try {
    key = read();
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType === ALGORITHM) return key;
  throw new PortcullisError('OPTION_INVALID', `signatures: expected a ${kind} Ed25519 key as PEM`);
}
