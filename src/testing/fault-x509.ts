import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';

/** A certificate and its private key, both PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateFields {
  readonly commonName: string;
  /** Wall time in milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** A certificate that may sign others. */
  readonly isAuthority?: boolean;
  /** What a server may be called by. */
  readonly dnsNames?: readonly string[];
  /** IPv4 addresses that a server may be called by. */
  readonly addresses?: readonly string[];
}

/** Whose signature it bears: that of this certificate. */
export interface Issuer {
  readonly commonName: string;
  readonly key: string;
}

/**
 * A new key on P-256 and an X.509 v3 certificate for it (RFC 5280), signed with ECDSA and SHA-256.
 *
 * @param issuer default: itself, self-signed
 */
export function issueCertificate(fields: CertificateFields, issuer?: Issuer): Credentials {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const body = toBeSigned(
    fields,
    issuer?.commonName ?? fields.commonName,
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
  );
  const certificate = sequence(body, ECDSA_WITH_SHA256, bitString(sign('sha256', body, signer)));
  return { cert: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function toBeSigned(fields: CertificateFields, issuerName: string, publicKey: KeyObject): Buffer {
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0); // positive, and no leading zero
  return sequence(
    explicit(0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    distinguishedName(issuerName),
    sequence(time(fields.notBeforeMs), time(fields.notAfterMs)),
    distinguishedName(fields.commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensionsOf(fields))),
  );
}

function extensionsOf({ isAuthority = false, dnsNames = [], addresses = [] }: CertificateFields): Buffer[] {
  const names = [
    ...dnsNames.map((name) => der(0x82, Buffer.from(name, 'ascii'))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  return [
    extension([0x55, 0x1d, 0x13], isAuthority ? sequence(TRUE) : sequence()), // basicConstraints
    ...(names.length === 0 ? [] : [extension([0x55, 0x1d, 0x11], sequence(...names))]), // subjectAltName
  ];
}

/** Tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from([content.length >> 8, content.length & 0xff]);
  return Buffer.concat([Buffer.from([tag, 0x82]), length, content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const explicit = (number: number, content: Buffer): Buffer => der(0xa0 + number, content);
const bitString = (bytes: Buffer): Buffer => der(0x03, Buffer.from([0]), bytes);
const oid = (bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));

const TRUE = der(0x01, Buffer.from([0xff]));
/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));

/** One common name, 2.5.4.3. */
const distinguishedName = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid([0x55, 0x04, 0x03]), der(0x0c, Buffer.from(commonName)))));

/** Critical: who does not understand it must refuse the certificate. */
const extension = (id: readonly number[], value: Buffer): Buffer => sequence(oid(id), TRUE, der(0x04, value));

/** UTCTime, YYMMDDHHMMSSZ: good for the years 1950 to 2049. */
const time = (ms: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));

const pem = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
