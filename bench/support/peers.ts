/** The two servers that are held against each other: a bare echo, and a sidecar of the built program. */
import { fileURLToPath } from "node:url";
import { type Program, startNode } from "../../smoke/support/processes.ts";
import { type StartedSidecar, startSidecarOf } from "../../smoke/support/sidecar.ts";
import type { Bench } from "../measurement.ts";
import { asServer } from "./apart.ts";

export interface EchoServer extends AsyncDisposable {
  readonly uri: string;
  readonly program: Program;
}

/** @param args - options of Node */
export async function startEcho({ scratch, env }: Bench, args: readonly string[] = []): Promise<EchoServer> {
  const source = fileURLToPath(new URL("echo-server.ts", import.meta.url));
  const all = [...args, "--import", import.meta.resolve("tsx"), source, scratch.folder];
  const program = await asServer(async () => startNode(all, { cwd: scratch.folder, env }));
  const port = await program.stdout.next((line) => /^\d+$/.test(line));
  return { uri: `ws://127.0.0.1:${port}`, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** A sidecar of a new repository that holds `files`. */
export async function startSidecar(
  { scratch, env }: Bench,
  name: string,
  files?: Readonly<Record<string, string>>,
): Promise<StartedSidecar & { readonly repository: string }> {
  const repository = await scratch.repository(name, files);
  const sidecar = await asServer(() => startSidecarOf(scratch, repository, { name: "signalbox", env }));
  return { ...sidecar, repository };
}
