/** Now, as Kubernetes writes times (metav1.Time): RFC 3339 in whole seconds. */
export function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
