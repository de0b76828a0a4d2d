/**
 * The machine that QEMU is, as arguments. A saved guest and a migration only fit a machine of the same parts: whatever changes here is
 * another golden guest. Pure.
 */

/** MB; at most 200 MB of resident memory go with it, of which QEMU itself takes some 60 */
export const MEMORY = 96;
/** first place of a NIC on the PCI bus: 32 places, of which the machine itself takes some */
const FIRST_NIC_SLOT = 8;
export const MOST_NICS = 32 - FIRST_NIC_SLOT;

/** bytes; holds what the guest reads at boot of what it is */
export const SETUP_SIZE = 65536;

/** names of the files in a machine's directory: QEMU serves one client of each socket at a time */
export const FILES = { qmp: 'qmp', console: 'console', agent: 'agent', pid: 'pid', setup: 'setup' } as const;

/** where the hub of the guest's agent listens, beside them */
export const HUB_SOCKET = 'hub';

export interface MachineFiles {
  readonly kernel: string;
  readonly initramfs: string;
  /** a file system that is /usr of all guests */
  readonly disk: string;
}

export interface MachineOptions extends MachineFiles {
  /** tells its processes from those of other machines, on whatever node */
  readonly id: string;
  /** of its own, on this node */
  readonly directory: string;
  /** what the serial console said */
  readonly log: string;
  /** https://www.qemu.org/docs/master/specs/vmgenid.html: another one makes the guest draw new random numbers */
  readonly generation: string;
  /** waits for a state instead of booting */
  readonly incoming: boolean;
}

/** what a process with the machine of that name has among its arguments */
export function nameArgument(id: string): string {
  return `guest=weft-${id}`;
}

export function qemuCommand(options: MachineOptions): readonly string[] {
  const { id, directory, log, kernel, initramfs, generation, incoming } = options;
  return [
    ['qemu-system-x86_64'],
    ['-name', nameArgument(id)],
    ['-M', 'pc', '-cpu', 'qemu64', '-smp', '1', '-m', String(MEMORY)],
    // translated code: more than this does not make a small guest faster
    ['-accel', 'tcg,tb-size=32'],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-msg', 'timestamp=on'],
    ['-kernel', kernel, '-initrd', initramfs],
    ['-append', 'console=ttyS0 loglevel=4 panic=1'],
    serial(directory, log),
    agentPort(directory),
    disk('system', options.disk, '0x4'),
    disk('setup', `${directory}/${FILES.setup}`, '0x5'),
    ['-device', `vmgenid,guid=${generation}`],
    ['-chardev', socket('qmp', `${directory}/${FILES.qmp}`), '-mon', 'chardev=qmp,mode=control'],
    ['-pidfile', `${directory}/${FILES.pid}`, '-daemonize'],
    // a guest that moves runs on as soon as it is there; one that was saved stands still, as it was
    incoming ? ['-incoming', 'defer'] : ['-S'],
  ].flat();
}

function serial(directory: string, log: string): readonly string[] {
  const file = `,logfile=${log},logappend=on`;
  return ['-chardev', `${socket('console', `${directory}/${FILES.console}`)}${file}`, '-serial', 'chardev:console'];
}

/** One port: each costs the guest 4 MB. */
function agentPort(directory: string): readonly string[] {
  return [
    ['-device', 'virtio-serial-pci,id=ports,addr=0x3,max_ports=2'],
    ['-chardev', socket('agent', `${directory}/${FILES.agent}`)],
    ['-device', 'virtserialport,bus=ports.0,nr=1,chardev=agent,name=weft.agent'],
  ].flat();
}

function disk(id: string, file: string, place: string): readonly string[] {
  const drive = `file=${file},format=raw,if=none,id=${id},read-only=on,file.locking=off`;
  return ['-drive', drive, '-device', `virtio-blk-pci,drive=${id},addr=${place}`];
}

function socket(id: string, path: string): string {
  return `socket,id=${id},path=${path},server=on,wait=off`;
}

/** Arguments of `netdev_add` and `device_add` for a NIC. @param tap a device that QEMU makes, in its own network namespace */
export function nicDevices(
  { index, mac, mtu }: { readonly index: number; readonly mac: string; readonly mtu: number },
  tap: string,
): { readonly netdev: object; readonly device: object } {
  const slot = `0x${(FIRST_NIC_SLOT + index).toString(16)}`;
  return {
    netdev: { type: 'tap', id: netdevId(index), ifname: tap, script: 'no', downscript: 'no', vhost: false },
    device: {
      driver: 'virtio-net-pci',
      id: nicId(index),
      netdev: netdevId(index),
      bus: 'pci.0',
      addr: slot,
      mac,
      host_mtu: mtu,
      romfile: '',
    },
  };
}

export function nicId(index: number): string {
  return `nic${index}`;
}

export function netdevId(index: number): string {
  return `net${index}`;
}
