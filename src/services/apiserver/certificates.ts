/** The server's own authority: a CA, a server certificate, one admin client certificate (group system:masters). */
import 'reflect-metadata';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface Certificates {
  /** PEM */
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly adminCert: string;
  readonly adminKey: string;
}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 24 * 60 * 60 * 1000;
const FILES: Readonly<Record<keyof Certificates | 'caKey', string>> = {
  ca: 'ca.crt',
  caKey: 'ca.key',
  serverCert: 'server.crt',
  serverKey: 'server.key',
  adminCert: 'admin.crt',
  adminKey: 'admin.key',
};
/** the names that the server certificate was made for */
const NAMES_FILE = 'names.json';

/**
 * Reads the certificates of a directory, or makes them (mode 0600). The authority and the admin's certificate stay the same
 * from start to start; the server's is made anew when it is to be valid for other names.
 * @param names addresses and host names beside 127.0.0.1, ::1 and localhost
 */
export async function loadCertificates(directory: string, names: readonly string[]): Promise<Certificates> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const all = [...new Set(['localhost', 'kubernetes', 'kubernetes.default.svc', '127.0.0.1', '::1', ...names])].sort();
  const found = await readAll(directory);
  if (found && found.names === JSON.stringify(all)) return found.certificates;
  const made = await makeCertificates(all, found);
  for (const [field, file] of Object.entries(FILES))
    await writePrivate(directory, file, made[field as keyof typeof FILES]);
  await writePrivate(directory, NAMES_FILE, JSON.stringify(all));
  return made;
}

interface Found {
  readonly names: string;
  readonly certificates: Certificates & { readonly caKey: string };
}

async function readAll(directory: string): Promise<Found | undefined> {
  try {
    const read = (file: string): Promise<string> => readFile(join(directory, file), 'utf8');
    const names = await read(NAMES_FILE);
    const [ca, caKey, serverCert, serverKey, adminCert, adminKey] = await Promise.all(
      [FILES.ca, FILES.caKey, FILES.serverCert, FILES.serverKey, FILES.adminCert, FILES.adminKey].map(read),
    );
    return {
      names,
      certificates: {
        ca: ca!,
        caKey: caKey!,
        serverCert: serverCert!,
        serverKey: serverKey!,
        adminCert: adminCert!,
        adminKey: adminKey!,
      },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writePrivate(directory: string, file: string, text: string): Promise<void> {
  const path = join(directory, file);
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

async function makeCertificates(
  names: readonly string[],
  found: Found | undefined,
): Promise<Certificates & { caKey: string }> {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const authority = found ? await importAuthority(found) : await makeAuthority();
  const server = await issue(authority, 'CN=weft-apiserver', x509.ExtendedKeyUsage.serverAuth, names);
  const admin = found
    ? { certificate: found.certificates.adminCert, key: found.certificates.adminKey }
    : await issue(authority, 'CN=weft-admin, O=system:masters', x509.ExtendedKeyUsage.clientAuth, []);
  return {
    ca: authority.certificate.toString('pem'),
    caKey: found ? found.certificates.caKey : await privateKeyPem(authority.privateKey),
    serverCert: server.certificate,
    serverKey: server.key,
    adminCert: admin.certificate,
    adminKey: admin.key,
  };
}

async function makeAuthority(): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=weft-ca',
    ...validity(),
    keys,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, privateKey: keys.privateKey };
}

async function importAuthority({ certificates }: Found): Promise<Authority> {
  const certificate = new x509.X509Certificate(certificates.ca);
  const der = x509.PemConverter.decodeFirst(certificates.caKey);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, true, ['sign']);
  return { certificate, privateKey };
}

async function issue(
  { certificate: issuer, privateKey }: Authority,
  subject: string,
  usage: x509.ExtendedKeyUsage,
  names: readonly string[],
): Promise<{ certificate: string; key: string }> {
  const own = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const alternatives = names.map((name): x509.JsonGeneralName => ({ type: isIP(name) ? 'ip' : 'dns', value: name }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer.subject,
    ...validity(),
    publicKey: own.publicKey,
    signingKey: privateKey,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await privateKeyPem(own.privateKey) };
}

/** From yesterday (clocks differ) for ten years. */
function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY), notAfter: new Date(now + 3650 * DAY) };
}

/** Positive and below 2^159 (RFC 5280 section 4.1.2.2), in hexadecimal. */
function serialNumber(): string {
  return `4${Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)))
    .toString('hex')
    .slice(1)}`;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
