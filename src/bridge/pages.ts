/**
 * Questions to the person on a page of the sidecar, for a host that opens addresses and shows no forms. The bridge opens it there,
 * and asks for the reply until it has one.
 */
import { askBus } from "../client/bus.ts";
import type { Unshown } from "../mcp/question.ts";
import type { Page, PageReply, Pages } from "../mcp/pages.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import type { JsonObject } from "../wire/json.ts";

/** Milliseconds that an answer of the sidecar may take, and beyond them while it waits for a person. */
const LIMIT_MS = 10_000;
const WAIT_MS = 10_000;

/** Pages that are open at once; the oldest is forgotten first. */
const MAX_OPEN = 50;

/** Where the sidecar speaks MCP, and what lets us in. */
export interface PagesPlace {
  readonly base: string;
  readonly token: string | undefined;
}

export interface BridgePagesOptions {
  /** Undefined where no sidecar is reached. */
  readonly place: () => Promise<PagesPlace | undefined>;
  readonly nowMs: () => number;
}

export function createPages({ place, nowMs }: BridgePagesOptions): Pages {
  const opened = new Map<string, Page>();

  async function ask(request: BusRequest, signal?: AbortSignal): Promise<JsonObject> {
    const at = await place();
    if (at === undefined) return { why: "no sidecar is reached" };
    const { answer } = await askBus({ ...at, limitMs: LIMIT_MS }, request, signal);
    return answer.ok ? answer.body : { why: answer.fault.message };
  }

  function pageAt(id: string, url: string): Page {
    return {
      id,
      url,
      async answered({ limitMs, signal }) {
        const untilMs = nowMs() + limitMs;
        while (!signal.aborted && nowMs() < untilMs) {
          const said = await ask({ method: "GET", path: ["ask", id, "reply"], waitMs: WAIT_MS }, signal);
          if (Object.keys(said).length === 0 || signal.aborted) continue;
          opened.delete(id);
          return "action" in said ? (said as unknown as PageReply) : undefined;
        }
        return undefined;
      },
    };
  }

  return {
    async open({ message, fields, required }): Promise<Page | Unshown> {
      const body = { message, fields, required } as unknown as JsonObject;
      const { id, url, why } = await ask({ method: "POST", path: ["ask"], body });
      if (typeof id !== "string" || typeof url !== "string") {
        return { unshown: `no page could be opened for the question to your user (${JSON.stringify(why)})` };
      }
      const [oldest] = opened.keys();
      if (oldest !== undefined && opened.size >= MAX_OPEN) opened.delete(oldest);
      const page = pageAt(id, url);
      opened.set(id, page);
      return page;
    },
    at: (id) => opened.get(id),
    close(id) {
      if (opened.delete(id)) void ask({ method: "POST", path: ["ask", id, "close"] }).catch(() => undefined);
    },
  };
}
