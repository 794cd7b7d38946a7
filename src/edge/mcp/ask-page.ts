/**
 * `/mcp/ask/<id>`: a question to a person, and the answer to it. The id is the right to answer, so no page elsewhere can, and
 * nothing here says whether an id ever was one.
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as z from "zod";
import type { PageReply } from "../../mcp/pages.ts";
import type { Question } from "../../tools/asking.ts";
import type { Door } from "../http/door.ts";
import { ASK_POLICY, endPage, questionPage } from "./ask-html.ts";
import type { AskPages } from "./ask-pages.ts";

const MAX_FORM_BYTES = 64 * 1024;

/** A form of ours says where it comes from only under this policy, and what guards the sidecar wants to know. */
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": ASK_POLICY,
  "cache-control": "no-store",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

const GONE = endPage("Nothing to answer here", "This question was answered, or it is too old. Your agent asks again when it needs to.");
const UNFIT = "Choose one of the answers that are offered. Go back to see them again.";
const TAKEN = endPage("Thank you", "Your agent goes on. You can close this page.");

export interface AskRoutesOptions {
  /** Who may open a page without asking over `/mcp`. */
  readonly door: Pick<Door, "admitHeader">;
  /** Where a person reaches us, by where a request came. */
  readonly baseAt: (url: string) => string;
}

export function askRoutes(pages: AskPages, options: AskRoutesOptions): Hono {
  const routes = new Hono();
  const html = (context: Context, status: 200 | 400 | 404 | 413, text: string): Response => context.body(text, status, HEADERS);

  routes.get("/mcp/ask/:id", (context) => {
    const question = pages.questionOf(context.req.param("id"));
    return question === undefined ? html(context, 404, GONE) : html(context, 200, questionPage(question));
  });
  const limit = bodyLimit({ maxSize: MAX_FORM_BYTES, onError: (context) => html(context, 413, endPage("Too much", UNFIT)) });
  routes.post("/mcp/ask/:id", limit, async (context) => {
    const id = context.req.param("id");
    const question = pages.questionOf(id);
    if (question === undefined) return html(context, 404, GONE);
    const said = replyIn(question, new URLSearchParams(await context.req.text()));
    if (said === undefined) return html(context, 400, endPage("That is no answer", UNFIT));
    return pages.answer(id, said) ? html(context, 200, TAKEN) : html(context, 404, GONE);
  });
  for (const place of ["/mcp/ask", "/session/:session/mcp/ask"]) serveBridges(routes.basePath(place), pages, options, limit);
  routes.all("/mcp/ask/:id", (context) => context.body(null, 405, { allow: "GET, HEAD, POST" }));
  return routes;
}

/** How long a bridge that asks for the reply waits, in milliseconds: then it asks again. */
const WAIT_MS = 10_000;

const Text = z.string().max(MAX_FORM_BYTES);
const named = { type: z.literal("string"), title: Text, description: Text.exactOptional() };
const Asked: z.ZodType<Question> = z.strictObject({
  message: Text,
  fields: z.record(
    Text,
    z.union([
      z.strictObject({ ...named, oneOf: z.array(z.strictObject({ const: Text, title: Text })) }),
      z.strictObject({ ...named, maxLength: z.int().positive().exactOptional() }),
    ]),
  ),
  required: z.array(Text),
});

/** For a bridge whose host opens addresses: it opens the page here, asks for the reply, and says when nobody waits for it. */
function serveBridges(routes: Hono, pages: AskPages, { door, baseAt }: AskRoutesOptions, limit: MiddlewareHandler): void {
  const ownerIn = ({ req }: Context): string | undefined => {
    const admission = door.admitHeader(req.header("authorization"), req.param("session") ?? "");
    if (admission === undefined || "refused" in admission) return undefined;
    return admission.admitted === "own" ? "own" : admission.admitted.fingerprint;
  };
  const signIn = (context: Context): Response => context.json({ detail: "bring the token that opens the session" }, 401);

  routes.post("/", limit, async (context) => {
    const owner = ownerIn(context);
    if (owner === undefined) return signIn(context);
    const asked = Asked.safeParse(await context.req.json().catch(() => undefined));
    if (!asked.success) return context.json({ detail: z.prettifyError(asked.error) }, 400);
    const { id, url } = pages.openFor(asked.data, { owner, base: baseAt(context.req.url) });
    return context.json({ id, url });
  });
  routes.get("/:id/reply", async (context) => {
    if (ownerIn(context) === undefined) return signIn(context);
    const page = pages.find(context.req.param("id"));
    if (page === undefined) return context.json({ detail: "there is no such question any more" }, 404);
    return context.json((await page.answered({ limitMs: WAIT_MS, signal: context.req.raw.signal })) ?? {});
  });
  routes.post("/:id/close", (context) => {
    if (ownerIn(context) === undefined) return signIn(context);
    pages.close(context.req.param("id"));
    return context.json({});
  });
}

/** What the form says of the fields that there are; undefined for what no form of ours sends. */
function replyIn({ fields, required }: Question, form: URLSearchParams): PageReply | undefined {
  const action = form.get("_action");
  if (action === "decline") return { action };
  if (action !== "accept") return undefined;
  const content: Record<string, string> = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = (form.get(name) ?? "").replaceAll("\r\n", "\n");
    if (value === "") {
      if (required.includes(name)) return undefined;
      continue;
    }
    const isOffered =
      "oneOf" in field ? field.oneOf.some((choice) => choice.const === value) : value.length <= (field.maxLength ?? MAX_FORM_BYTES);
    if (!isOffered) return undefined;
    content[name] = value;
  }
  return { action, content };
}
