/** Which start of the machine this is: a process id of another start says nothing. */
import { readFile } from "node:fs/promises";
import { uptime } from "node:os";

const ROUNDED_TO_MS = 600_000;

/**
 * The kernel's own id on Linux. Elsewhere the instant of the start, rounded to ten minutes because clocks are corrected
 * while a machine runs; a correction across such a boundary changes it, so a difference is a hint and equality is not proof.
 */
export async function bootId(): Promise<string> {
  const kernel = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  return kernel.trim() || bootIdFrom(Date.now(), uptime());
}

/**
 * @param nowMs - the time of day, milliseconds since 1970
 * @param uptimeSec - seconds since the machine started
 */
export function bootIdFrom(nowMs: number, uptimeSec: number): string {
  return `boot-${Math.round((nowMs - uptimeSec * 1_000) / ROUNDED_TO_MS)}`;
}
