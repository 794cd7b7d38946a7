/** How a running sidecar is told to do something: a POST with the token of its discovery file. */
import { request } from "node:http";
import type { JsonObject } from "../wire/json.ts";

/** A body of more bytes is not a sidecar's. */
const MAX_BYTES = 65_536;

export interface ControlQuestion {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly path: string;
  readonly body: JsonObject;
  /** Milliseconds until its answer is not waited for any longer. */
  readonly limitMs: number;
}

export interface ControlAnswer {
  readonly status: number;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
}

/** The answer, or undefined when there is none in time, as from a sidecar that has just gone. */
export function askControl({ host, port, token, path, body, limitMs }: ControlQuestion): Promise<ControlAnswer | undefined> {
  const signal = AbortSignal.timeout(limitMs);
  const text = JSON.stringify(body);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  return new Promise((resolve) => {
    const none = (): void => resolve(undefined);
    const asked = request(
      { host: host.replace(/^\[(.*)\]$/, "$1"), port, path, method: "POST", headers, agent: false, signal },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_BYTES) response.destroy();
          else chunks.push(chunk);
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString("utf8")) }));
        response.on("error", none);
        response.on("close", none);
      },
    );
    asked.on("error", none);
    asked.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
