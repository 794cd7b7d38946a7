/** Caddy, where it is installed (Debian's package `caddy`), and ports for it that nobody has. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Why Caddy cannot be tried here, or undefined when it can.
 *
 * @throws Error on a build machine: there a test that is skipped is no test
 */
export async function whyNoCaddy(): Promise<string | undefined> {
  try {
    await run("caddy", ["version"]);
    return undefined;
  } catch (cause) {
    const why = `caddy is not installed here (apt-get install caddy): ${cause instanceof Error ? cause.message : String(cause)}`;
    if (process.env["CI"] === "true") throw new Error(why, { cause });
    return why;
  }
}

/** What Caddy says of a configuration. @throws Error with that when it is none */
export async function validate(config: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout, stderr } = await run("caddy", ["validate", "--config", config, "--adapter", "caddyfile"], { env });
  return `${stdout}${stderr}`;
}

/** Different ports of this machine that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
