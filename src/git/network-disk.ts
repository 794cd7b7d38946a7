/**
 * Whether a folder is on a disk of this machine.
 *
 * A log on a network disk is not safe: its locks may not reach the other machine, and a flush may not reach the disk.
 * Only Linux tells the type of a file system to a program like this one; Windows tells a network share by its path.
 * What is not known counts as local.
 */
import { statfs } from "node:fs/promises";

/**
 * `f_type` of statfs(2) for file systems that another machine, or the host of this virtual one, keeps. Local programs
 * that keep a FUSE file system look the same as sshfs and virtiofs, so all of FUSE is in the list.
 */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, "nfs"],
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x01021997, "9p"],
  [0x65735546, "fuse"],
  [0x5346414f, "afs"],
  [0x6b414653, "kafs"],
  [0x73757245, "coda"],
  [0x564c, "ncp"],
  [0x00c36400, "ceph"],
  [0x0bd00bd0, "lustre"],
  [0x47504653, "gpfs"],
  [0x01161970, "gfs2"],
  [0x7461636f, "ocfs2"],
  [0x19830326, "beegfs"],
  [0xaad7aaea, "panfs"],
  [0x786f4256, "vboxsf"],
  [0xbacbacbc, "vmhgfs"],
  [0x7c7c6673, "prlfs"],
]);

/** Name of the remote file system with this `f_type`, or undefined for a local or unknown one. */
export function remoteTypeOf(type: number): string | undefined {
  return REMOTE.get(type >>> 0); // a 32-bit system gives the upper half of them as negative numbers
}

/** Name of the remote file system that `folder` is on, or undefined when it is local or nobody can tell. */
export async function remoteFileSystem(folder: string, platform: NodeJS.Platform = process.platform): Promise<string | undefined> {
  if (platform === "win32") return /^\\\\(?![?.]\\)|^\\\\\?\\UNC\\/i.test(folder) ? "share" : undefined;
  if (platform !== "linux") return undefined;
  const found = await statfs(folder).catch(() => undefined);
  return found === undefined ? undefined : remoteTypeOf(found.type);
}
