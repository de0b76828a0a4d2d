import { stringify } from 'yaml';
import type { Certificates } from './certificates.ts';

/** A kubeconfig with the admin's certificate in it, as YAML. @param server URL, such as https://127.0.0.1:6443 */
export function kubeconfig(server: string, certificates: Certificates, name = 'weft'): string {
  return stringify(configOf(server, certificates, name), { lineWidth: 0 });
}

/** The same as JSON, which every YAML parser reads as well. */
export function kubeconfigJson(server: string, certificates: Certificates, name = 'weft'): string {
  return `${JSON.stringify(configOf(server, certificates, name), undefined, 2)}\n`;
}

function configOf(server: string, { ca, adminCert, adminKey }: Certificates, name: string) {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name, user: { 'client-certificate-data': base64(adminCert), 'client-key-data': base64(adminKey) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}
