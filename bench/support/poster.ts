/** The client of both sides: one request after the other over one connection that stays open, and nothing that reads what is answered. */
import { Agent, type IncomingMessage, request } from "node:http";
import { startNode } from "../../smoke/support/processes.ts";
import { fileURLToPath } from "node:url";
import type { Bench } from "../measurement.ts";
import type { Program } from "../../smoke/support/processes.ts";
import { asServer } from "./apart.ts";

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** Milliseconds from the first byte out to the last byte in. */
  readonly took: number;
}

export interface Poster extends AsyncDisposable {
  post(body: string, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  put(body: string): Promise<Answered>;
}

export function connectPoster(url: string, fixed: Readonly<Record<string, string>> = {}): Poster {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  function send(method: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const began = performance.now();
      const length = Buffer.byteLength(body);
      const all = { "content-type": "application/json", "content-length": length, ...fixed, ...headers };
      const asked = request(url, { method, agent, headers: all }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const took = performance.now() - began;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString(), took });
        });
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }
  return {
    post: (body, headers) => send("POST", body, headers),
    put: (body) => send("PUT", body),
    [Symbol.asyncDispose]() {
      agent.destroy();
      return Promise.resolve();
    },
  };
}

export interface BareServer extends AsyncDisposable {
  readonly url: string;
  readonly program: Program;
}

/** @param args - options of Node */
export async function startBare({ scratch, env }: Bench, args: readonly string[] = []): Promise<BareServer> {
  const source = fileURLToPath(new URL("bare-post.ts", import.meta.url));
  const all = [...args, "--import", import.meta.resolve("tsx"), source];
  const program = await asServer(async () => startNode(all, { cwd: scratch.folder, env }));
  const port = await program.stdout.next((line) => /^\d+$/.test(line));
  return { url: `http://127.0.0.1:${port}/`, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}
