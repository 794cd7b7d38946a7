/** The JSON body of a request, read up to a limit. */
import { isObject } from "../../wire/json.ts";
import type { Claim } from "../http/reading-room.ts";
import { type Answer, failed, invalid } from "./answers.ts";

/** A message of the longest text may be written with six characters for each of its own. */
const MAX_REQUEST_BYTES = 512 * 1024;

/** As much of a request as its body is read from. */
export interface Sent {
  readonly headers: Pick<Headers, "get">;
  /** A body of HTTP, or its chunks; null for none. */
  readonly body: Request["body"] | Iterable<Uint8Array>;
}

/** @param claim - of room for it while it comes */
export async function readJson(request: Sent, claim?: Pick<Claim, "holds">): Promise<{ readonly value: unknown } | Answer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (Number(request.headers.get("content-length") ?? 0) > MAX_REQUEST_BYTES) return tooLong();
  try {
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_REQUEST_BYTES) return tooLong();
      if (claim?.holds(bytes) === false) return failed(503, NO_ROOM, { "retry-after": "1" });
      chunks.push(chunk);
    }
  } catch {
    return failed(400, "the request broke off before its end");
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
    if (isObject(value)) return { value };
  } catch {
    // No JSON is said as any other body that is no object.
  }
  return invalid([{ loc: ["body"], msg: "the body is a JSON object, in UTF-8", type: "json_invalid" }]);
}

const NO_ROOM = "as much of requests is under way as there is room for; send this again";

const tooLong = (): Answer => failed(413, `the request is longer than ${MAX_REQUEST_BYTES / 1024} KiB`);
