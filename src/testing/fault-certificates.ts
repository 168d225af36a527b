import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { type Credentials, issueCertificate } from './fault-x509.ts';

const DAY_MS = 86_400_000;

/** What a server shows: a certificate for 127.0.0.1 and localhost by the authority of the test, or one with exactly one thing wrong. */
export const SERVER_CERTIFICATES = [
  'good',
  'self-signed',
  'expired',
  'wrong-name',
  'unknown-issuer',
] as const;

export type ServerCertificate = (typeof SERVER_CERTIFICATES)[number];

/** What a client shows, in the same way. */
export type ClientCertificate = 'good' | 'self-signed' | 'expired';

interface Authority extends Credentials {
  readonly commonName: string;
}

/** An authority that lives as long as one test, and what it issues. Its keys exist in memory only. */
export class TestAuthority {
  readonly #clock: Clock;
  readonly #authority: Authority;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#authority = this.#newAuthority();
  }

  /** PEM of the certificate to trust. */
  get ca(): string {
    return this.#authority.cert;
  }

  server(kind: ServerCertificate): Credentials {
    const names =
      kind === 'wrong-name'
        ? { commonName: 'elsewhere.test', dnsNames: ['elsewhere.test'] }
        : { commonName: 'localhost', dnsNames: ['localhost'], addresses: ['127.0.0.1'] };
    const fields = { ...names, ...this.#validity(kind === 'expired') };
    if (kind === 'self-signed') return issueCertificate(fields);
    return issueCertificate(fields, kind === 'unknown-issuer' ? this.#newAuthority() : this.#authority);
  }

  client(kind: ClientCertificate): Credentials {
    const fields = { commonName: 'test client', ...this.#validity(kind === 'expired') };
    return issueCertificate(fields, kind === 'self-signed' ? undefined : this.#authority);
  }

  #newAuthority(): Authority {
    const commonName = `Test authority ${randomBytes(4).toString('hex')}`;
    return {
      commonName,
      ...issueCertificate({ commonName, isAuthority: true, ...this.#validity(false) }),
    };
  }

  /** Since two days; for one more, or until yesterday. */
  #validity(isExpired: boolean): { notBeforeMs: number; notAfterMs: number } {
    const nowMs = this.#clock.nowMs();
    return { notBeforeMs: nowMs - 2 * DAY_MS, notAfterMs: nowMs + (isExpired ? -DAY_MS : DAY_MS) };
  }
}
