/** Where this process is, in the terms in which it and another one can fail to see each other. */
import { readlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { Surroundings } from "../wire/owner.ts";
import { bootId } from "./boot-id.ts";

export async function surroundings(): Promise<Surroundings> {
  const [boot_id, pid_namespace, network_namespace] = await Promise.all([bootId(), namespace("pid"), namespace("net")]);
  return {
    boot_id,
    host_name: hostname() || "unnamed",
    ...(pid_namespace === undefined ? {} : { pid_namespace }),
    ...(network_namespace === undefined ? {} : { network_namespace }),
  };
}

/** Undefined where the system has none, or does not tell. */
async function namespace(kind: "pid" | "net"): Promise<string | undefined> {
  return readlink(`/proc/self/ns/${kind}`).catch(() => undefined);
}

/** Whether the two may be out of each other's sight. */
export function isElsewhere(one: Surroundings, other: Surroundings): boolean {
  const members = ["boot_id", "host_name", "pid_namespace", "network_namespace"] as const;
  return members.some((member) => one[member] !== other[member]);
}
