/** Names of network devices, as text from manifests may say them: they go into commands. */

/** what the kernel takes (dev_valid_name: at most 15 bytes, no slash, colon or blank), and nothing that looks like an option */
const DEVICE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
/** bytes of a NIC's name that leave room for `br-` */
export const NIC_NAME_LENGTH = 12;

export function isDeviceName(text: unknown): text is string {
  return typeof text === 'string' && DEVICE.test(text);
}
