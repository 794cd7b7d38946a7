/**
 * Ending one sidecar, and exactly that one: it is asked with the token that it left for its own user, and waited for until
 * it is gone. Nothing is ended by a signal here.
 */
import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { askHealth } from "../client/health.ts";
import { bootId } from "../git/boot-id.ts";
import type { Discovery } from "../wire/discovery.ts";
import type { Health } from "../wire/health.ts";
import { CommandFault } from "./fault.ts";
import { isAlive } from "./running.ts";
import { isSidecar } from "./sidecar-process.ts";

/** Milliseconds that it may take to close its log. */
const STOPS_MS = 10_000;
/** Milliseconds for one request. */
const ASK_MS = 3_000;
const LOOK_MS = 25;

/**
 * @param discovery - what that sidecar left, or undefined when it cannot be read
 * @throws CommandFault when it does not obey, or not in time
 */
export async function stopSidecar(health: Pick<Health, "pid" | "boot_id">, discovery: Discovery | undefined): Promise<void> {
  const isHere = health.boot_id === (await bootId());
  if (discovery === undefined) {
    const it = isHere && (await isSidecar(health.pid)) !== false ? `process ${health.pid}` : "a sidecar that runs elsewhere";
    const why = `${it} serves this workspace and its discovery file is not there for this user; end it as the user who started it`;
    throw new CommandFault("sidecar/no-token", why);
  }
  const { host, port, token } = discovery;
  const answers = async (): Promise<boolean> => {
    const now = await askHealth(host, port);
    return now?.pid === health.pid && now.boot_id === health.boot_id;
  };
  const status = await post(host, port, "/control/stop", token);
  if (status !== undefined && status !== 202 && (await answers())) throw refusal(health.pid, status);

  const givesUpAtMs = performance.now() + STOPS_MS;
  for (;;) {
    const stillAnswers = await answers();
    if (!stillAnswers && !(isHere && (await isStillThere(health.pid)))) return;
    if (performance.now() > givesUpAtMs) {
      if (!stillAnswers) return; // its process may wait for a parent that never asks what became of it
      throw new CommandFault("sidecar/not-stopped", `process ${health.pid} was asked to stop and still answers after ${STOPS_MS} ms`);
    }
    await pause(LOOK_MS);
  }
}

function refusal(pid: number, status: number): CommandFault {
  if (status === 401) return new CommandFault("sidecar/no-token", `process ${pid} does not take the token of its discovery file`);
  return new CommandFault("sidecar/not-stopped", `process ${pid} answered ${status} when it was asked to stop`);
}

/** Whether the process is still that sidecar: its pid may belong to another one by now, which nobody waits for. */
async function isStillThere(pid: number): Promise<boolean> {
  return (await isSidecar(pid)) ?? isAlive(pid);
}

/** The status of the answer, or undefined when there is none, as from a sidecar that has just gone. */
function post(host: string, port: number, path: string, token: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const asked = request({ host, port, path, method: "POST", headers, agent: false, timeout: ASK_MS }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}
