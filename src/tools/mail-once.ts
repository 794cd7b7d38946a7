/**
 * How mail that its sender may ask for again goes out once: under an id that follows from the request and from what the
 * message says, so that a broker which knows the id drops the second one, however long ago the first was.
 */
import type { Json } from "../wire/json.ts";
import { idFor, type Request } from "./once.ts";
import type { ToolContext } from "./ports.ts";
import type { Once } from "./ports/mail.ts";

/** Requests of which it is known what they said; the oldest is forgotten first. */
const MOST_KNOWN = 1_000;

export function mailOnce(ctx: ToolContext, request: Request | undefined, to: string, body: Json): { readonly once?: Once } {
  if (request === undefined) return {};
  const key = idFor(ctx, request, "mail");
  return { once: { request: key, messageId: ctx.hash(JSON.stringify([key, to, body])).slice(0, 32) } };
}

/** The request said something else before: two messages are two requests. */
export class RequestReused extends Error {
  override readonly name = "RequestReused";

  constructor() {
    super("this client_request_id sent another message before; nothing was sent");
  }
}

export interface SentBefore {
  /** @throws RequestReused */
  admit(once: Once | undefined): void;
}

/** What the requests of one sender said, as long as it runs. */
export function createSentBefore(): SentBefore {
  const known = new Map<string, string>();
  return {
    admit(once) {
      if (once === undefined) return;
      const first = known.get(once.request);
      if (first !== undefined && first !== once.messageId) throw new RequestReused();
      known.delete(once.request);
      known.set(once.request, once.messageId);
      const [oldest] = known.keys();
      if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    },
  };
}
