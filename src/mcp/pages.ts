/**
 * Questions to the person on a page of ours, for a client that opens addresses and shows no forms (`elicitation.url`): the server
 * of a face is handed this by a transport that can be reached with a browser.
 */
import { inputRequired, type ElicitRequestURLParams, type InputRequiredResult } from "@modelcontextprotocol/server";
import type { Question, Reply } from "../tools/asking.ts";
import type { JsonObject } from "../wire/json.ts";
import type { Asked } from "./face.ts";
import { ANSWER_KEY, type Unshown } from "./question.ts";
import { ANSWER_MS, type Bound, type RequestStates } from "./request-state.ts";

export type PageReply = Pick<Extract<Reply, { action: "accept" }>, "action" | "content"> | { readonly action: "decline" | "cancel" };

export interface Page {
  /** Whoever knows it may answer. */
  readonly id: string;
  readonly url: string;
  /** What the person said, as soon as that is so; undefined when the wait is over, or the page. */
  answered(wait: { readonly limitMs: number; readonly signal: AbortSignal }): Promise<PageReply | undefined>;
}

export interface Pages {
  open(question: Question, asked: Asked): Page | Promise<Page | Unshown>;
  /** Undefined for one that was answered and heard, and for one that is too old. */
  at(id: string, asked: Asked): Page | undefined | Promise<Page | undefined>;
  /** Nobody answers there any more. */
  close(id: string): void;
}

/** How long a call of 2026-07-28 that comes again waits for the page, in milliseconds: then it is asked to come once more. */
const WAIT_MS = 20_000;

export function canOpenPages(capabilities: object | undefined): boolean {
  const { elicitation } = (capabilities ?? {}) as { readonly elicitation?: { readonly url?: unknown } };
  return elicitation?.url !== undefined;
}

/** The call ends with the address of the page. The era before 2026-07-28 has an id for it, by which its end is told. */
export async function askOnPage(
  page: Page,
  { message, state }: { readonly message: string; readonly state?: JsonObject | undefined },
  { era }: Pick<Asked, "era">,
  states: RequestStates,
  bound: Bound,
): Promise<InputRequiredResult> {
  const named = era === "legacy" ? { elicitationId: page.id } : {};
  const params = { message, url: page.url, ...named } as Omit<ElicitRequestURLParams, "mode" | "elicitationId">;
  const sealed = { page: page.id, message, ...(state === undefined ? {} : { state }) };
  return inputRequired({
    inputRequests: { [ANSWER_KEY]: inputRequired.elicitUrl(params) },
    requestState: await states.seal({ page: sealed }, bound),
  });
}

/** A call that comes back from a page. */
export interface Back {
  readonly id: string;
  readonly message: string;
  readonly state: JsonObject | undefined;
  /** Whether its client has opened the page. */
  readonly wasOpened: boolean;
  /** What the person said there. */
  readonly reply?: Reply;
  /** The page itself, where that is not said yet. */
  readonly open?: Page;
}

interface Sealed {
  readonly page: string;
  readonly message: string;
  readonly state?: JsonObject;
}

/**
 * What the person said on the page that the call comes back from; undefined for a call that comes from none.
 *
 * That its client has opened the address (`accept`) is no answer yet.
 */
export async function backFrom(pages: Pages, said: Reply | undefined, asked: Asked): Promise<Back | undefined> {
  const sealed = said?.state?.["page"] as Sealed | undefined;
  if (said === undefined || sealed === undefined) return undefined;
  const { page: id, message, state } = sealed;
  const back = { id, message, state, wasOpened: said.action === "accept" };
  if (said.action !== "accept") {
    pages.close(id);
    return { ...back, reply: { action: said.action, state } };
  }
  const page = await pages.at(id, asked);
  const limitMs = asked.era === "legacy" ? ANSWER_MS : WAIT_MS;
  const onPage = await page?.answered({ limitMs, signal: asked.signal });
  if (asked.signal.aborted) pages.close(id); // its state is used up: no call comes back from there again
  if (onPage !== undefined) return { ...back, reply: { ...onPage, state } };
  const open = asked.era === "modern" && !asked.signal.aborted ? await pages.at(id, asked) : undefined;
  return open === undefined ? { ...back, reply: { action: "cancel", state } } : { ...back, open };
}
