/** A server with tools that do what a test of the transport needs, and nothing else. */
import { setImmediate as nextLoop } from "node:timers/promises";
import { Server } from "@modelcontextprotocol/server";
import type { Serve, Serving, Visit } from "./serving.ts";

export interface Toy {
  readonly serve: Serve;
  /** What happened, in order. */
  readonly seen: string[];
  /** Resolves when one more call of `wait` has begun. */
  readonly begun: () => Promise<void>;
  /** Lets calls of `wait` end. */
  readonly release: () => void;
}

export function toy(more: Partial<Serving> = {}): Toy {
  const seen: string[] = [];
  let begun = 0;
  let waited = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const says = (text: string) => ({ content: [{ type: "text" as const, text }] });

  function makeServer(): Server {
    const server = new Server({ name: "toy", version: "1" }, { capabilities: { tools: {}, resources: { subscribe: true } } });
    const names = ["hello", "write", "wait", "report", "ask", "settle", "late"];
    server.setRequestHandler("tools/list", () => ({ tools: names.map((name) => ({ name, inputSchema: { type: "object" as const } })) }));
    server.setRequestHandler("resources/subscribe", async ({ params }, ctx) => {
      const visit = ctx.http?.authInfo?.extra?.["visit"] as Visit;
      await visit.followed?.subscribe(params.uri);
      return {};
    });
    server.setRequestHandler("tools/call", async ({ params: { name, arguments: args } }, { mcpReq, http }) => {
      const visit = http?.authInfo?.extra?.["visit"] as Visit;
      seen.push(`${name} ${visit.caller.name ?? visit.caller.kind}`);
      switch (name) {
        case "wait": {
          const cancelled = new Promise<void>((resolve) => {
            mcpReq.signal.addEventListener("abort", () => {
              seen.push("cancelled");
              resolve();
            });
          });
          begun += 1;
          await Promise.race([cancelled, released]);
          return says("waited");
        }
        case "report":
          await mcpReq.notify({ method: "notifications/progress", params: { progressToken: "p", progress: 1 } });
          return says("reported");
        case "ask": {
          const form = { mode: "form" as const, message: "?", requestedSchema: { type: "object" as const, properties: {} } };
          const answer = await mcpReq
            .send({ method: "elicitation/create", params: form })
            .catch((error: unknown) => ({ action: String(error) }));
          return says(`person: ${(answer as { readonly action: string }).action}`);
        }
        case "settle":
          visit.onLeft((given) => {
            seen.push(`given ${given}`);
            return (isSure: boolean) => seen.push(isSure ? "not read" : "perhaps not read");
          });
          return says("settled");
        case "late":
          begun += 1;
          await new Promise((resolve) => mcpReq.signal.addEventListener("abort", resolve));
          // What is answered to nobody has been written by then.
          for (let turn = 0; turn < 5; turn += 1) await nextLoop();
          visit.onLeft((given) => {
            seen.push(`given ${given}`);
            return (isSure: boolean) => seen.push(isSure ? "not read" : "perhaps not read");
          });
          return says("late");
        default:
          return says(`${name} ${JSON.stringify(args ?? {})}`);
      }
    });
    return server;
  }

  const serving: Serving = { makeServer, writes: (tool) => tool === "write", ...more };
  return {
    serve: () => serving,
    seen,
    async begun() {
      waited += 1;
      while (begun < waited) await nextLoop();
    },
    release: () => release(),
  };
}
