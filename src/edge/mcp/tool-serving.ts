/**
 * The product's own serving: the tools, as whoever sent the very request. One is kept for each choice of tools, with its lists
 * rendered, and holds nothing of any request.
 */
import { normalize } from "node:path";
import { ProtocolError, ProtocolErrorCode, type Server } from "@modelcontextprotocol/server";
import type { Log } from "../../log.ts";
import { type Errand, faceOfTools } from "../../mcp/face-of-tools.ts";
import type { Asked, Face } from "../../mcp/face.ts";
import { makeServer } from "../../mcp/make-server.ts";
import type { Pages } from "../../mcp/pages.ts";
import { answersPlainly } from "../../mcp/plain-call.ts";
import { wordsForListeners } from "../../mcp/plain-listen.ts";
import { createRequestStates, type RequestStates } from "../../mcp/request-state.ts";
import { codeOf, turnedAway } from "../../tools/failure.ts";
import { REGISTRY } from "../../tools/registry.ts";
import type { ToolContext } from "../../tools/ports.ts";
import type { Membership } from "../../tools/ports/session.ts";
import type { Settle } from "../../tools/ports/settle.ts";
import type { Selection } from "../../tools/selection.ts";
import type { ToolResult } from "../../tools/tool.ts";
import type { Caller, Callers, Changes, Visitors } from "./ports.ts";
import type { UnderWay } from "./under-way.ts";
import { listen, watch } from "./tool-listening.ts";
import type { Followed, Serve, Serving, Visit } from "./serving.ts";

export interface ToolServingOptions {
  readonly version: string;
  readonly callers: Pick<Callers, "howToSignIn">;
  readonly visitors: Pick<Visitors, "visit">;
  readonly changes: Changes;
  /** The address of this server as the caller of a request reaches it. */
  readonly baseOf: (visit: Visit) => string;
  /** Where a person answers whose client shows no forms. */
  readonly pages?: Pages | undefined;
  readonly underWay: Pick<UnderWay, "track">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Choices of tools that are kept; whoever makes up more of them has each made anew. */
const MAX_KEPT = 64;

const WRITES: ReadonlySet<string> = new Set(REGISTRY.flatMap(({ name, annotations }) => (annotations.readOnlyHint ? [] : [name])));

export function serveTools(options: ToolServingOptions): Serve {
  const { version, underWay, nowMs } = options;
  const states = createRequestStates({ nowMs });
  const kept = new Map<string, Serving | { readonly refused: string }>();

  function make(selection: Selection): Serving | { readonly refused: string } {
    const face: ReturnType<typeof faceOfTools> = faceOfTools({
      version,
      selection,
      contextFor: (errand) => contextFor(errand, options, takesMail(face)),
    });
    if ("refused" in face) return face;
    return servingOf({ ...face, call: (...called) => underWay.track(face.call(...called)) }, states, options);
  }

  return (_sessionId, selection) => {
    const key = JSON.stringify([selection.profile, selection.tools, selection.excludeTools, selection.readOnly]);
    const standing = kept.get(key);
    if (standing !== undefined) return standing;
    const serving = make(selection);
    const [oldest] = kept.keys();
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(key, serving);
    return serving;
  };
}

/** Whoever may only read is told how to sign in, before anything of the tool is done. */
async function contextFor(
  { asked, tool, args }: Errand,
  options: ToolServingOptions,
  takesMail: boolean,
): Promise<ToolContext | { readonly refused: ToolResult }> {
  const { caller, sessionId } = asked.visit as Visit;
  if (tool !== undefined && !tool.annotations.readOnlyHint && !caller.mayWrite) return { refused: mayOnlyRead(caller, options.callers) };
  const visitor = await options.visitors.visit(caller, sessionId, asked.clientName, takesMail);
  const named = (args as { readonly repo_path?: unknown } | null | undefined)?.repo_path;
  const isElsewhere = typeof named === "string" && named !== "" && !(await isHere(named, visitor.context));
  return isElsewhere ? { refused: servesOne(sessionId) } : reachedAt(options.baseOf(asked.visit as Visit), visitor.context);
}

/** Whether the folder that a call names is that of its session, however it is written. */
async function isHere(named: string, { workspace, files }: ToolContext): Promise<boolean> {
  const written = (path: string): string => normalize(path).replace(/(?<=.)[/\\]$/, "");
  if (workspace !== undefined && workspace.dir !== "" && written(named) === written(workspace.dir)) return true;
  return (await files.isWithin?.(named)) === true;
}

/** What a visitor that comes again is given, by the address at which it came last. */
const reached = new WeakMap<ToolContext, { readonly base: string; readonly context: ToolContext }>();

/** Where its session is for others who work on it, in whole: an agent hands that on. */
function reachedAt(base: string, own: ToolContext): ToolContext {
  const standing = reached.get(own);
  if (standing?.base === base) return standing.context;
  const context = withAddress(base, own);
  reached.set(own, { base, context });
  return context;
}

function withAddress(base: string, context: ToolContext): ToolContext {
  const { coordination } = context;
  async function membership(): Promise<Membership> {
    const member = await coordination.membership();
    return { ...member, sidecarUri: `${base.replace(/^http/, "ws")}${member.sidecarUri}` };
  }
  return { ...context, coordination: { ...coordination, membership } };
}

function takesMail(face: ReturnType<typeof faceOfTools>): boolean {
  return "lists" in face && face.lists.tools.some(({ name }) => name === "bus_drain");
}

function servingOf(face: Face, requestStates: RequestStates, { visitors, changes, pages, log }: ToolServingOptions): Serving {
  const options = {
    requestStates,
    pages,
    callerOf: (asked: Asked) => ownerOf((asked.visit as Visit).caller),
    carriesQuestions: (asked: Asked) => asked.era === "modern" || (asked.visit as Visit).carriesQuestions,
    whenSent: ({ visit }: { readonly visit: unknown }, tell: Settle) => (visit as Visit).onLeft(tell),
    subscriptions: {
      subscribe: (uri: string, asked: Asked) => follow(asked, (followed) => followed.subscribe(uri)),
      unsubscribe: (uri: string, asked: Asked) => follow(asked, (followed) => followed.unsubscribe(uri)),
    },
    report: (line: string) => log.warn({ line }, "MCP request failed"),
  };
  const words = wordsForListeners(face);
  return {
    makeServer: (era): Server => makeServer(face, { era, ...options }),
    listening: words === undefined ? undefined : { words, watch: (listener) => watch(listener, visitors, changes) },
    plainly: answersPlainly(face, options),
    writes: (tool) => WRITES.has(tool),
    follow: (listener) => listen(listener, visitors, changes),
  };
}

async function follow(asked: Asked, work: (followed: Followed) => ReturnType<Followed["subscribe"]>): Promise<void> {
  const { followed } = asked.visit as Visit;
  const rejection = followed === undefined ? NO_SESSION : await work(followed);
  if (rejection !== undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, rejection.message);
}

const NO_SESSION = { message: "what is followed is kept with a session; send initialize, and then this with its Mcp-Session-Id" };

/** Whose answers to questions belong together: those of one credential. */
function ownerOf({ kind, name, principal, identity }: Caller): string {
  return JSON.stringify([kind, name, principal, identity?.issuer, identity?.fingerprint]);
}

/** A folder of the caller's own machine, mostly: what is named there would be looked for in this session. */
function servesOne(sessionId: string): ToolResult {
  const why = "the same call without repo_path; another repository has a sidecar of its own";
  return turnedAway("INVALID_ARGUMENTS", `over HTTP one session is served, ${sessionId}, and no other folder`, why);
}

function mayOnlyRead({ kind }: Caller, { howToSignIn }: Pick<Callers, "howToSignIn">): ToolResult {
  const code = codeOf("credential/rejected");
  const message =
    kind === "anybody" ? howToSignIn : "this credential gives no right to change anything; ask whoever gave it out for one that does";
  const why = kind === "anybody" ? "sign in, then make the same call again" : "the same call with a credential that may write";
  return turnedAway(code, message, why);
}
