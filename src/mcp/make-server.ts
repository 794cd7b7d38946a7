/**
 * An MCP server of a face, for both eras of the protocol: the stdio bridge serves with it, and `/mcp`.
 *
 * A transport makes one of them for each connection or request, as its entry of the SDK asks (`serveStdio`, `createMcpHandler`,
 * or a `connect` of its own), and says in the options what only it knows: the era, whose question a sealed answer belongs to,
 * whether an answer has left, and who follows a resource. What it knows of a request goes in as `authInfo.extra.visit` and comes
 * back as `Asked.visit`. The `RequestStates` are made once for a process and given to each server: an answer may come to another
 * one than asked. Updates of resources go out by `server.sendResourceUpdated`, or by the notifier of the SDK's HTTP handler.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type InputRequiredResult,
  type Server,
  type ServerContext,
  type Tool,
} from "@modelcontextprotocol/server";
import { serveCatalogue } from "./catalogue.ts";
import { ExactServer } from "./exact-server.ts";
import type { Settle } from "../tools/ports/settle.ts";
import type { ToolResult } from "../tools/tool.ts";
import type { Asked, Face } from "./face.ts";
import { askOnPage, backFrom, canOpenPages, type Page, type Pages } from "./pages.ts";
import { progressTo } from "./progress.ts";
import { ask, askOver, canShowForms, replyIn, type Unshown } from "./question.ts";
import { invalid, noTool, onePage } from "./refusals.ts";
import type { RequestStates } from "./request-state.ts";

/** What a host may keep the lists for, in milliseconds. They change with a release only. */
const KEEP_MS = 60_000;

/** The first revision in which each choice of a form has its words beside its value. */
const TITLES_BESIDE = "2025-11-25";

const LISTS = { ttlMs: KEEP_MS, cacheScope: "public" } as const;
const LIVE = { ttlMs: 0, cacheScope: "private" } as const;
const CACHE_HINTS = {
  "server/discover": LISTS,
  "tools/list": LISTS,
  "resources/list": LISTS,
  "resources/templates/list": LISTS,
  "prompts/list": LISTS,
  "resources/read": LIVE,
};

export interface MakeServerOptions {
  /** As the SDK's entry says that this server is for. */
  readonly era: Asked["era"];
  readonly requestStates: RequestStates;
  /** Who asks, as long as a person takes to answer: a principal or a session. What one was asked, no other one answers. */
  readonly callerOf: (asked: Asked) => string;
  /** Whether a question gets through from here to a client that can show it; by default it does. */
  readonly carriesQuestions?: (asked: Asked) => boolean;
  /**
   * An answer to this request is about to be sent: tells, once, when it has left, or that it does not. Mail that was in one which
   * did not is given again.
   */
  readonly whenSent: (request: { readonly id: string | number; readonly visit: unknown }, tell: Settle) => void;
  /** Who follows a resource in the eras before 2026-07-28. Without it, none can be followed in either. */
  readonly subscriptions?: {
    /** @returns the sentence for a client where nobody is told of changes of this one */
    subscribe(uri: string, asked: Asked): Promise<void | { readonly refused: string }>;
    unsubscribe(uri: string, asked: Asked): Promise<void>;
  };
  /** Where a person answers whose client opens addresses and shows no forms. Without it that one is not asked. */
  readonly pages?: Pages | undefined;
  /** Takes a fault that no client can act on. */
  readonly report: (line: string) => void;
}

export function makeServer(face: Face, options: MakeServerOptions): Server {
  const { lists } = face;
  const capabilities = {
    tools: {},
    ...(lists.resources.length === 0 ? {} : { resources: { subscribe: options.subscriptions !== undefined } }),
    ...(lists.prompts.length === 0 ? {} : { prompts: {} }),
    ...(lists.resources.length + lists.prompts.length === 0 ? {} : { completions: {} }),
  };
  const { instructions } = face;
  const server = new ExactServer(serverInfoOf(face), { capabilities, instructions, cacheHints: CACHE_HINTS }, options.era);
  const answer = answerIn(server, face, options);

  server.oninitialized = () => {
    const name = server.getClientVersion()?.name;
    if (name !== undefined) face.onHost?.(name);
  };
  server.setRequestHandler("tools/list", ({ params }, ctx) =>
    answer(ctx, () => onePage({ tools: lists.tools as unknown as Tool[] }, params)),
  );
  server.setRequestHandler("tools/call", ({ params }, ctx) =>
    answer(ctx, (asked) => call(server, face, options, { name: params.name, args: params.arguments }, ctx, asked)),
  );
  serveCatalogue(server, face, options, answer);
  return server;
}

/** Who answers, as clients are told. */
export function serverInfoOf({ version }: Pick<Face, "version">) {
  return { name: "signalbox", title: "Signalbox", version };
}

/** Answers one request with what `work` finds. */
export type Answer = <Result>(ctx: ServerContext, work: (asked: Asked) => Result | Promise<Result>) => Promise<Result>;

/** What holds for each request: the host's name is heard, and a fault of ours is told to the log and not to the client. */
function answerIn(server: Server, face: Face, { era, report }: MakeServerOptions): Answer {
  return async (ctx, work) => {
    const clientName = era === "modern" ? nameIn(claimed(ctx, CLIENT_INFO_META_KEY)) : server.getClientVersion()?.name;
    if (clientName !== undefined) face.onHost?.(clientName);
    try {
      return await work({ signal: ctx.mcpReq.signal, clientName, era, visit: ctx.http?.authInfo?.extra?.["visit"] });
    } catch (cause) {
      if (ctx.mcpReq.signal.aborted) throw cause; // nobody hears it, and it may be the client's own reason
      throw errorOf(cause, ctx.mcpReq.method, report);
    }
  };
}

/** What the client is told of it. */
export function errorOf(cause: unknown, method: string, report: MakeServerOptions["report"]): ProtocolError {
  if (cause instanceof ProtocolError) return cause;
  report(`${method}: ${cause instanceof Error ? cause.message : String(cause)}`);
  return new ProtocolError(ProtocolErrorCode.InternalError, "an internal error stopped this request; `signalbox doctor` looks for causes");
}

/** Whether a question of a tool gets through to a person. */
export function canBeAsked(
  capabilities: object | undefined,
  { pages, carriesQuestions = () => true }: Pick<MakeServerOptions, "pages" | "carriesQuestions">,
  asked: Asked,
): boolean {
  return (canShowForms(capabilities) || (pages !== undefined && canOpenPages(capabilities))) && carriesQuestions(asked);
}

async function call(
  server: Server,
  face: Face,
  options: MakeServerOptions,
  made: { readonly name: string; readonly args: unknown } & Partial<Unshown>,
  ctx: ServerContext,
  asked: Asked,
): Promise<CallToolResult | InputRequiredResult> {
  const { era, requestStates, callerOf, whenSent, pages } = options;
  const { name, args, unshown } = made;
  if (face.lists.tools.every((tool) => tool.name !== name)) throw noTool(name, face.lists);

  const bound = { tool: name, args, caller: callerOf(asked) };
  const said = await replyIn(ctx, requestStates, bound);
  const back = pages === undefined ? undefined : await backFrom(pages, said, asked);
  if (back?.open !== undefined) return askOnPage(back.open, back, asked, requestStates, bound);
  if (back?.wasOpened === true && era === "legacy") await tellAnswered(server, back.id, ctx);
  const reply = back === undefined ? said : back.reply;
  const again = async (question: Promise<InputRequiredResult>, page?: Page): Promise<CallToolResult | InputRequiredResult> => {
    const required = await question;
    if (era === "modern") return required;
    const closePage = () => page && pages?.close(page.id);
    const next = await askOver(ctx, required).catch((cause: unknown) => {
      closePage();
      throw cause;
    });
    if ("unshown" in next) closePage();
    return "unshown" in next
      ? call(server, face, options, { ...made, ...next }, ctx, asked)
      : call(server, face, options, made, next, asked);
  };
  const capabilities = era === "modern" ? claimed(ctx, CLIENT_CAPABILITIES_META_KEY) : server.getClientCapabilities();
  const progress = progressTo(ctx);
  const person = { canBeAsked: unshown === undefined && canBeAsked(capabilities, options, asked), reply };
  const called = await face.call(name, args, { ...asked, person, progress: progress?.tell }).finally(() => progress?.end());
  if (called.outcome === "unknown-tool") throw invalid(called.message);

  const { structured, text, isError, settle, asks } = called.result;
  if (asks !== undefined) {
    settle?.(false);
    if (!canShowForms(capabilities) && pages !== undefined) {
      const page = await pages.open(asks, asked);
      if ("unshown" in page) return call(server, face, options, { ...made, ...page }, ctx, asked);
      return again(askOnPage(page, asks, asked, requestStates, bound), page);
    }
    const revision = server.getNegotiatedProtocolVersion() ?? TITLES_BESIDE;
    return again(ask(asks, revision < TITLES_BESIDE ? "apart" : "beside", requestStates, bound));
  }
  if (settle !== undefined) await hearWhatHasCome();
  const { id, signal } = ctx.mcpReq;
  // In 2026-07-28 over HTTP a client cancels by going away, and what ends with its request, this signal too, ends after its answer.
  const isCancelled = (): boolean => signal.aborted && (era === "legacy" || asked.visit === undefined);
  if (settle !== undefined) whenSent({ id, visit: asked.visit }, (left) => settle(left && !isCancelled()));
  const told = unshown === undefined ? { text, structured } : withNotice(called.result, unshown);
  const result: CallToolResult = { content: [{ type: "text", text: told.text }], structuredContent: { ...told.structured } };
  return isError === true ? { ...result, isError } : result;
}

/**
 * What is written to the log is written in one go, and who goes away in the meantime is heard of behind it: with what has come of
 * the system by then, in the second turn from here, and with what follows from that, in the third.
 */
export async function hearWhatHasCome(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
}

/** The plain answer, and why nobody was asked. */
function withNotice({ text, structured }: ToolResult, unshown: string): Pick<ToolResult, "text" | "structured"> {
  const notice = `${unshown}, so nobody was asked and it was done as for a client that cannot ask`;
  const { notices = [] } = structured as { readonly notices?: readonly string[] };
  return { text: `${text}\nNote: ${notice}.`, structured: { ...structured, notices: [...notices, notice] } };
}

/** The client may close what it opened. One that has gone closes it anyway. */
async function tellAnswered(server: Server, elicitationId: string, { mcpReq: { id } }: ServerContext): Promise<void> {
  await server
    .createElicitationCompletionNotifier(elicitationId, { relatedRequestId: id })()
    .catch(() => undefined);
}

/** What the 2026 era says with each request; the one before says it once, when it initializes. */
function claimed({ mcpReq }: ServerContext, key: string): object | undefined {
  const value = (mcpReq.envelope as Readonly<Record<string, unknown>> | undefined)?.[key];
  return typeof value === "object" && value !== null ? value : undefined;
}

function nameIn(client: { readonly name?: unknown } | undefined): string | undefined {
  return typeof client?.name === "string" ? client.name : undefined;
}
