/** What of the machine moves the figures, printed with them. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { cpus, loadavg, platform } from "node:os";
import { join } from "node:path";
import { median } from "./method.ts";
import { placement } from "./support/apart.ts";

export interface Environment {
  readonly node: string;
  readonly system: string;
  readonly processors: string;
  /** On Node 20 it adds tens of milliseconds to every start. */
  readonly extraCaCerts: "set" | "not set";
  /** Appending 4 KiB and forcing it to the disk, in milliseconds. */
  readonly fdatasyncMs: number;
  /** Where the two sides of a lone exchange run. */
  readonly lone: string;
  /** Of the last minute; the bench itself keeps up to two processors busy. */
  readonly load: number;
}

const SYNCS = 60;

/** @param folder - on the file system that is measured */
export function lookAround(folder: string): Environment {
  const [processor] = cpus();
  return {
    node: process.version,
    system: `${platform()} ${process.arch}`,
    processors: `${cpus().length} × ${processor?.model.trim() ?? "unknown"}`,
    extraCaCerts: process.env["NODE_EXTRA_CA_CERTS"] === undefined ? "not set" : "set",
    fdatasyncMs: timeToDisk(join(folder, "fdatasync")),
    lone: placement(),
    load: loadavg()[0] ?? Number.NaN,
  };
}

function timeToDisk(path: string): number {
  const page = Buffer.alloc(4_096, 1);
  const file = openSync(path, "a");
  try {
    const took = Array.from({ length: SYNCS }, () => {
      const began = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - began;
    });
    return median(took);
  } finally {
    closeSync(file);
  }
}
