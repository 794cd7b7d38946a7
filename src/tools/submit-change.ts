/**
 * `submit_change`: one file replaced, made or deleted, if it still is what the caller built on.
 *
 * The order is the contract: nothing is sent for a change that is done already or that is stale; the content is on the disk
 * beside its target before the session is asked; the target is touched only after the session agreed and the target was
 * read once more. What the session recorded and the disk did not take is taken back.
 */
import * as z from "zod";
import { carryOut } from "./carry-out.ts";
import { codeOf, failed } from "./failure.ts";
import { type Change, isAsLeft, operationId, refAfter, sameAsLast } from "./operation-id.ts";
import { clientRequestId, idFor, repeatable, type Request, requestOf } from "./once.ts";
import { type KnownIntent, readOwnIntent } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { FileState } from "./ports/files.ts";
import { listed, named } from "./quote.ts";
import { onePath } from "./scope-input.ts";
import { otherContent, refusedTarget, stale, succeeded } from "./submit-result.ts";
import { EMPTY_REF, refsEqual } from "../wire/references.ts";
import { type Answer, defineTool, type Next } from "./tool.ts";
import { calledOff, isCalledOff, spokenBy } from "./untold.ts";

/** Longest text of one file, in UTF-16 units. */
const MAX_CONTENT = 8 * 1024 * 1024;

export const submitChange = defineTool({
  name: "submit_change",
  title: "Submit a change",
  description:
    "Writes one file of your task if it still is what you read, and records it. `stale`: it has changed since; nothing is overwritten. " +
    "Read it again with get_file_state and build on that. Repeating a call is safe.",
  profile: "core",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  input: {
    intent_id: z.string().min(1).max(256).describe("From begin_task."),
    target: onePath().describe("The file, inside the task's files."),
    content: z.string().max(MAX_CONTENT).nullable().describe("The whole new text; null deletes the file."),
    state_ref_before: z.string().min(1).max(128).describe("state_ref from get_file_state."),
    client_request_id: clientRequestId(),
  },
  output: {
    status: z.enum(["success", "stale", "conflict", "error"]),
    target: z.string(),
    state_ref_after: z.string().nullable(),
    current_state_ref: z.string().nullable(),
    conflicting_files: z.array(z.string()),
    message: z.string(),
  },
  async handler(caller, args) {
    const { files } = caller;
    const place = await files.filePath(args.target);
    if (!place.ok) return refusedTarget(args.target, place.why);
    const target = args.content === null ? place.entry : place.path;
    return files.alone(target, async () => {
      const coordination = await caller.agents.holding(args.intent_id);
      const ctx = spokenBy(caller, coordination);
      const request = await requestOf(coordination, "submit_change", args.client_request_id);
      const own = await readOwnIntent(coordination, args.intent_id, target);
      if ("answer" in own) return own.answer;
      const state = await files.state(target, { content: false });
      if (state.status === "refused") return refusedTarget(target, state.why);

      const change: Change = { intentId: args.intent_id, target, content: args.content, stateRefBefore: args.state_ref_before };
      const repeated = request === undefined ? undefined : repeatOf(ctx, request, change, own.intent, state);
      return repeated ?? submit(ctx, { change, request }, own.intent, state, own.live);
    });
  },
});

/** What came of the call the first time, if the session has it; nothing where its last step is missing still. */
function repeatOf(ctx: ToolContext, request: Request, change: Change, intent: KnownIntent, state: FileState): Answer | undefined {
  const opId = idFor(ctx, request, "operation");
  const first = intent.operations.find((operation) => operation.op_id === opId);
  if (first === undefined || ctx.files.isWaiting(opId)) return undefined;
  const after = refAfter(ctx, change.content);
  const isSame =
    first.target === change.target &&
    first.state_ref_before !== null &&
    refsEqual(first.state_ref_before, change.stateRefBefore) &&
    refsEqual(first.state_ref_after ?? EMPTY_REF, after);
  if (!isSame) return otherContent(change.target, request.requestId);
  if (first.state === "COMMITTED") return succeeded(change, after, "it had been done before");
  return stale(change, state.state_ref, "this call did not get through the first time");
}

interface Asked {
  readonly change: Change;
  readonly request: Request | undefined;
}

async function submit(ctx: ToolContext, { change, request }: Asked, intent: KnownIntent, state: FileState, live: boolean): Promise<Answer> {
  const { target, content, stateRefBefore } = change;
  const after = refAfter(ctx, content);
  const last = sameAsLast(intent.operations, change, after);
  if (last !== undefined && isAsLeft(state, change, after)) return succeeded(change, after, "it had been done before");

  const barred = live ? scopeBars(change, intent) : await ended(ctx, change, intent);
  if (barred !== undefined) return barred;
  if (!refsEqual(state.state_ref, stateRefBefore)) return stale(change, state.state_ref, "nothing was written");
  if (content === null && state.status === "missing") return nothingToDelete(target);

  if (isCalledOff(ctx)) return calledOff();
  const observed = state.state_ref;
  const isRecorded = last !== undefined && ctx.files.isWaiting(last.op_id);
  const derived = (): string =>
    request === undefined
      ? operationId(ctx, intent.operations, { ...change, stateRefBefore: observed }, after)
      : idFor(ctx, request, "operation");
  const operation = { opId: isRecorded ? last.op_id : derived(), fence: intent.fence, observed, after, isRecorded };
  return carryOut(ctx, { ...change, ...operation, isNew: state.status === "missing", ...repeatable(ctx, request) });
}

/** What to do under a task that has ended: go on under the one that replaced it, where that holds the file as well. */
async function ended({ coordination }: ToolContext, { intentId, target }: Change, intent: KnownIntent): Promise<Answer> {
  const { superseded_by: successorId } = intent;
  const successor = successorId === undefined ? null : await coordination.intent(successorId, target);
  const goesOn = successor?.state === "ACTIVE" && successor.covers_target === true;
  const message = `the task ${named(intentId)} is ${intent.state}${goesOn ? ` by ${named(successor.intent_id)}` : ""}; nothing was written`;
  const next: Next[] = goesOn
    ? [
        {
          tool: "submit_change",
          arguments: { intent_id: successor.intent_id, target, content: "…" },
          why: "under the task that replaced it",
        },
      ]
    : [{ tool: "begin_task", arguments: { objective: "…", files: [target] }, why: "take it up again" }];
  return failed({ code: codeOf("intent/ended"), message, recoverable: true, next }, { target, conflicting_files: [] });
}

function scopeBars({ intentId, target }: Change, intent: KnownIntent): Answer | undefined {
  if (intent.covers_target === true) return undefined;
  const held = intent.scope.resources ?? [];
  const message = `${named(target)} is not among the files of ${named(intentId)} (${listed(held)}); nothing was written`;
  const next = [{ tool: "begin_task", arguments: { objective: "…", files: [target] }, why: "then submit with its intent_id" }];
  return failed({ code: "OUT_OF_SCOPE", message, recoverable: true, next }, { target, conflicting_files: [] });
}

function nothingToDelete(target: string): Answer {
  const message = `there is no file ${named(target)}; nothing is left to delete`;
  const next = [{ tool: "get_file_state", arguments: { path: target }, why: "check the path" }];
  return failed(
    { code: "TARGET_MISSING", message, recoverable: true, next },
    { target, current_state_ref: EMPTY_REF, conflicting_files: [] },
  );
}
