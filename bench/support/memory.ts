/**
 * How much memory a Node process holds once its garbage is gone. It is asked to collect that through its inspector, which
 * any Node opens that is started with `--inspect`; only Linux tells the rest.
 */
import { readFile } from "node:fs/promises";
import { WebSocket } from "ws";
import { once } from "node:events";
import type { Program } from "../../smoke/support/processes.ts";
import { within } from "../../smoke/support/wait.ts";

/** Opens the inspector on a free port. */
export const INSPECTED = "--inspect=127.0.0.1:0";

export interface Weighed {
  /** Resident bytes after the garbage is gone. */
  bytes(): Promise<number>;
}

export async function weigh(program: Program): Promise<Weighed> {
  const line = await program.stderr.next((said) => said.startsWith("Debugger listening on "));
  const inspector = new WebSocket(line.slice("Debugger listening on ".length));
  await once(inspector, "open");
  let asked = 0;
  async function collect(): Promise<void> {
    const id = (asked += 1);
    const answered = new Promise<void>((resolve) => {
      inspector.on("message", (text: Buffer) => {
        if ((JSON.parse(text.toString()) as { id?: number }).id === id) resolve();
      });
    });
    inspector.send(JSON.stringify({ id, method: "HeapProfiler.collectGarbage" }));
    await within("a collection of garbage", answered);
    inspector.removeAllListeners("message");
  }
  return {
    async bytes() {
      await collect();
      await collect();
      return residentBytes(program.pid);
    },
  };
}

/** @throws Error where the system does not tell */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} does not say how much memory it holds`);
  return Number(kilobytes) * 1_024;
}

/** Milliseconds of processor that a process has used, with the children that it has waited for. */
export async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10;
}
