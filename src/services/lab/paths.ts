/** Where a lab keeps what. */
import { join } from 'node:path';
import { LabError } from './errors.ts';
import { checkLabName } from './lab-name.ts';

/** sun_path of unix(7), without the NUL that ends it */
const LONGEST_SOCKET_PATH = 107;

export interface LabPaths {
  readonly home: string;
  readonly name: string;
  readonly directory: string;
  /** options and ports, JSON */
  readonly state: string;
  readonly kubeconfig: string;
  readonly pki: string;
  /** logs/BOX/PROCESS.log; /var/log of the box */
  readonly logs: string;
  /** a tmpfs; run/BOX is /run of the box */
  readonly run: string;
  /** pause processes, JSON */
  readonly boxes: string;
  readonly supervisorSocket: string;
  readonly supervisorPid: string;
  /** unix sockets of OVN's databases, as the host sees them */
  readonly nb: string;
  readonly sb: string;
}

export function homeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return env['WEFT_HOME'] || '/var/lib/weft';
}

export function labsDirectory(home: string): string {
  return join(home, 'labs');
}

/** @throws LabError `bad-name`, `bad-path` */
export function labPaths(home: string, name: string): LabPaths {
  checkLabName(name);
  const directory = join(labsDirectory(home), name);
  const run = join(directory, 'run');
  const paths: LabPaths = {
    home,
    name,
    directory,
    state: join(directory, 'state.json'),
    kubeconfig: join(directory, 'kubeconfig'),
    pki: join(directory, 'pki'),
    logs: join(directory, 'logs'),
    run,
    boxes: join(run, 'boxes.json'),
    supervisorSocket: join(run, 'supervisor.sock'),
    supervisorPid: join(directory, 'supervisor.json'),
    nb: join(run, 'central/ovn/ovnnb_db.sock'),
    sb: join(run, 'central/ovn/ovnsb_db.sock'),
  };
  checkHome(paths);
  return paths;
}

/** @returns the directory that is /run in the box */
export function boxRun({ run }: LabPaths, box: string): string {
  return join(run, box);
}

function checkHome({ home, run, sb }: LabPaths): void {
  if (!home.startsWith('/') || /[:,\\\s]/.test(home))
    throw badPath(
      home,
      'it must be absolute, without blanks, colons, commas and backslashes (mount options cannot hold them)',
    );
  const longest = Math.max(sb.length, `${run}/node244/openvswitch/ovs-vswitchd.4194304.ctl`.length);
  if (longest > LONGEST_SOCKET_PATH)
    throw badPath(
      home,
      `paths of unix sockets below ${run} get ${longest} characters long, at most ${LONGEST_SOCKET_PATH} work`,
    );
}

function badPath(home: string, why: string): LabError {
  return new LabError(
    'bad-path',
    `WEFT_HOME=${home} does not work`,
    why,
    'point WEFT_HOME at another directory, or give the lab a shorter --name',
  );
}
