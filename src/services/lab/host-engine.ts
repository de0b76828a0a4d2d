/** `--engine host`: the host's own packages. */
import { run } from '../../lib/proc/run.ts';
import { LabError } from './errors.ts';

/** @throws LabError `engine-unfit` when OVN is older than 22.03 */
export async function hostVersions(): Promise<Record<string, string>> {
  const [ovn, ovs] = await Promise.all([versionOf('ovn-northd'), versionOf('ovs-vswitchd')]);
  const [major = 0, minor = 0] = ovn.split('.').map(Number);
  if (major * 100 + minor < 2203)
    throw new LabError(
      'engine-unfit',
      '--engine host does not work',
      `OVN ${ovn} is older than 22.03`,
      'leave the option out: an engine of its own is made',
    );
  return { 'ovn-central': ovn, 'openvswitch-switch': ovs };
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await run([program, '--version']);
  return /\b(\d+\.\d+\.\d+)\b/.exec(stdout)?.[1] ?? '0.0.0';
}
