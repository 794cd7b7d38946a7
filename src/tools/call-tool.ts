/**
 * One call carried through: the name is known, the arguments are exactly what the tool takes, the handler answers, and
 * whatever goes wrong becomes a sentence with a code and a next step. Nothing here throws.
 */
import { explainArguments } from "./explain-arguments.ts";
import { failed } from "./failure.ts";
import type { ToolContext } from "./ports.ts";
import type { Membership } from "./ports/session.ts";
import { asJson, quoted } from "./quote.ts";
import type { Answer, Next, Tool, ToolResult } from "./tool.ts";
import { calledOff, isCalledOff } from "./untold.ts";

export type CallOutcome =
  | { readonly outcome: "result"; readonly result: ToolResult }
  /** Not a tool of this registry: for the protocol to refuse, not for a result. */
  | { readonly outcome: "unknown-tool"; readonly message: string };

interface Place {
  readonly dir?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly notices: readonly string[];
  /** Messages of peers that wait. */
  readonly unread: number;
}

/** Longest `repo_path`, in UTF-16 units. */
const MAX_REPO_PATH = 4096;

export async function callTool(registry: readonly Tool[], ctx: ToolContext, name: string, rawArgs: unknown): Promise<CallOutcome> {
  const tool = registry.find((candidate) => candidate.name === name);
  if (tool === undefined) {
    const known = registry.map((candidate) => candidate.name).join(", ");
    return { outcome: "unknown-tool", message: `there is no tool ${asJson(name.slice(0, 64))}; the tools are ${known}` };
  }

  const parsed = tool.input.safeParse(rawArgs ?? {});
  const repoPath = repoPathIn(rawArgs);
  if (!parsed.success) {
    const place = { dir: ctx.workspace?.dir, sessionId: ctx.workspace?.sessionId, notices: [], unread: ctx.peers.unread() };
    const answer = staying(explainArguments(tool, parsed.error), repoPath);
    return { outcome: "result", result: finished(answer, ctx.workspace === undefined ? await placeOf(ctx) : place) };
  }
  const answer = staying(await answerOf(tool, ctx, parsed.data), repoPath);
  return { outcome: "result", result: finished(answer, await placeOf(ctx, answer)) };
}

/** The repository that the call named, also when something else about its arguments is wrong. */
function repoPathIn(rawArgs: unknown): string | undefined {
  const named = (rawArgs as { readonly repo_path?: unknown } | null | undefined)?.repo_path;
  return typeof named === "string" && named !== "" && named.length <= MAX_REPO_PATH ? named : undefined;
}

/** A call that named its repository is followed by calls for the same one: without it they would act on the bridge's own. */
function staying(answer: Answer, repoPath: string | undefined): Answer {
  if (repoPath === undefined || answer.next === undefined) return answer;
  const next = answer.next.map((step) =>
    step.tool === undefined ? step : { ...step, arguments: { ...step.arguments, repo_path: repoPath } },
  );
  return { ...answer, next };
}

async function answerOf(tool: Tool, ctx: ToolContext, args: Readonly<Record<string, unknown>>): Promise<Answer> {
  // A write that nobody waits for any more is not begun.
  if (!tool.annotations.readOnlyHint && isCalledOff(ctx)) return calledOff();
  try {
    return await tool.handler(ctx, args);
  } catch (cause) {
    return explainFault(cause, tool, ctx);
  }
}

/** Where it happened, with the notices that wait. A sidecar that does not answer leaves what the context knows. */
async function placeOf(ctx: ToolContext, { asks }: Pick<Answer, "asks"> = {}): Promise<Place> {
  const unread = ctx.peers.unread();
  // What nobody reads takes no notices along.
  if (isCalledOff(ctx)) return { dir: ctx.workspace?.dir, sessionId: ctx.workspace?.sessionId, notices: [], unread };
  let member: Membership;
  try {
    member = await ctx.coordination.membership();
  } catch {
    return { dir: ctx.workspace?.dir, sessionId: ctx.workspace?.sessionId, notices: [], unread };
  }
  // A call that asks the person is answered when it comes again.
  const notices = asks === undefined ? member.takeNotices() : [];
  return { dir: member.workspaceDir, sessionId: member.sessionId, notices, unread };
}

function finished(answer: Answer, { dir, sessionId, notices, unread }: Place): ToolResult {
  const { structured, lines, next = [], attachment, isError, settle, asks } = answer;
  const steps = next.length === 0 ? [] : [`Next: ${next.map(step).join("; ")}.`];
  const remarks = notices.map((notice) => `Note: ${notice.replaceAll(/\s+/g, " ")}`);
  const mail =
    unread === 0
      ? []
      : [`Mail: ${unread === 1 ? "1 message waits; bus_drain gives it" : `${unread} messages wait; bus_drain gives them`} to you.`];
  const text = [...lines, ...steps, ...remarks, ...mail].join("\n");
  return {
    // An object that begins as a copy by spread and is added to has a shape of its own, which is made with each call.
    structured: Object.assign(
      {},
      structured,
      next.length === 0 ? undefined : { next },
      dir === undefined ? undefined : { workspace_dir: dir },
      sessionId === undefined ? undefined : { session_id: sessionId },
      notices.length === 0 ? undefined : { notices },
      unread === 0 ? undefined : { unread },
    ),
    text: attachment === undefined ? text : `${text}\n${attachment}`,
    ...(isError === undefined ? {} : { isError }),
    ...(settle === undefined ? {} : { settle }),
    ...(asks === undefined ? {} : { asks }),
  };
}

function step({ tool, arguments: args, why }: Next): string {
  if (tool === undefined) return why;
  return `${tool}${args === undefined ? "" : ` ${asJson(args)}`} (${why})`;
}

function explainFault(cause: unknown, tool: Tool, ctx: ToolContext): Answer {
  const again: Next = { tool: tool.name, why: "again with the same arguments" };
  const { name, message } = cause instanceof Error ? cause : new Error("something that is no error was thrown");
  switch (name) {
    case "SidecarUnavailable":
      return failed({
        code: "SIDECAR_UNAVAILABLE",
        message,
        recoverable: true,
        next: [{ why: "run `signalbox doctor` in a terminal" }, again],
      });
    case "OutcomeUnknown": {
      const sentence = `the connection to the sidecar broke before it answered; it is not known whether ${tool.name} was recorded`;
      const once: Next = { tool: tool.name, why: "again with the same arguments: what was recorded is not done twice" };
      const look: Next = { tool: "who_is_working", arguments: {}, why: "see what stands" };
      return failed({ code: "OUTCOME_UNKNOWN", message: sentence, recoverable: true, next: [once, look] });
    }
    case "QueryRefused":
      return failed({
        code: "QUERY_REFUSED",
        message: quoted(message, 400).slice(1, -1),
        recoverable: true,
        next: [{ tool: tool.name, why: "with these arguments corrected; nothing was done" }],
      });
    case "WriteFailed":
      return failed({ code: "WRITE_FAILED", message, recoverable: true, next: [again] });
    default: {
      ctx.reportFault?.(cause, tool.name);
      const sentence = `an internal error stopped ${tool.name}; it may or may not have taken effect`;
      return failed({
        code: "INTERNAL_ERROR",
        message: sentence,
        recoverable: false,
        next: [{ tool: "who_is_working", arguments: {}, why: "see what stands" }, { why: "if it happens again, run `signalbox doctor`" }],
      });
    }
  }
}
