/**
 * The log of a running sidecar, handed out as it is stored: while one runs, nobody else can open the file.
 *
 * It goes out in pages, each a request of its own: whoever reads slowly, or goes away, keeps one page waiting in its own socket
 * and nothing else, and between two pages everybody has their turn.
 */
import { type Context, Hono } from "hono";
import type { KeptLog } from "../../engine/verify.ts";
import type { Hash, StreamId } from "../../wire/ids.ts";
import { PAGE_BYTES } from "../../wire/log-export.ts";
import { isBearer } from "../http/bearer.ts";

/** Records that are read from the store at once. */
const AT_ONCE = 50;

const HASH = /^[0-9a-f]{64}$/;

export interface LogExportOptions {
  readonly log: KeptLog;
  readonly token: string;
}

export function logExportRoutes({ log, token }: LogExportOptions): Hono {
  const routes = new Hono();
  routes.use("/control/log/*", async (context, next) => {
    if (isBearer(context.req.header("authorization"), token)) return next();
    return context.json({ detail: "this needs the token of the discovery file; use «signalbox audit verify»" }, 401, {
      "www-authenticate": "Bearer",
    });
  });

  routes.get("/control/log/streams", async (context) => context.json({ streams: await log.streams() }));

  routes.get("/control/log/records", async (context) => {
    const stream = context.req.query("stream");
    const after = Number(context.req.query("after") ?? 0);
    if (stream === undefined || stream === "" || !Number.isSafeInteger(after) || after < 0)
      return context.json({ detail: "ask with ?stream=<name>&after=<revision, 0 for the first page>" }, 400);
    return context.json({ records: await pageOf(log, stream as StreamId, after) });
  });

  routes.get("/control/log/blobs/:hash", async (context) => {
    const hash = context.req.param("hash");
    if (!HASH.test(hash)) return context.json({ detail: "a blob is named by 64 hex digits" }, 400);
    const bytes = await log.getBlob(hash as Hash);
    if (bytes === undefined) return context.json({ detail: `there is no blob ${hash}` }, 404);
    return context.body(Uint8Array.from(bytes), 200, { "content-type": "application/octet-stream" });
  });

  routes.onError(tellFault);
  return routes;
}

async function pageOf(log: KeptLog, stream: StreamId, after: number) {
  const records: { readonly revision: number; readonly text: string }[] = [];
  let bytes = 0;
  for await (const { revision, text } of log.read(stream, after, AT_ONCE)) {
    records.push({ revision, text });
    bytes += text.length;
    if (bytes >= PAGE_BYTES) break;
  }
  return records;
}

/** A log that is damaged is told by its code, so that whoever checks it can tell that from a sidecar that goes away. */
function tellFault(fault: Error, context: Context): Response {
  const code = "code" in fault && typeof fault.code === "string" ? fault.code : undefined;
  return context.json({ ...(code === undefined ? {} : { code }), detail: fault.message }, code === "store/unavailable" ? 503 : 500);
}
