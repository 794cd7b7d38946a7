/**
 * A tool's question to the person, in the words of the protocol, and the person's word back.
 *
 * In 2026-07-28 the call ends with the question and comes again with the answer; in the era before, the client is asked over the
 * open connection, and the call is made again here. So this is the same for both.
 */
import {
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  type ElicitRequest,
  type ElicitRequestFormParams,
  type InputRequiredResult,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Field, Question, Reply } from "../tools/asking.ts";
import { ANSWER_MS, type Bound, type RequestStates } from "./request-state.ts";

/** The one question of a call. */
export const ANSWER_KEY = "answer";

type RequestedSchema = ElicitRequestFormParams["requestedSchema"];

/** What a client says that it can ask a person: nothing more said means a form. */
export function canShowForms(capabilities: object | undefined): boolean {
  const { elicitation } = (capabilities ?? {}) as { readonly elicitation?: { readonly form?: unknown } };
  return elicitation !== undefined && (elicitation.form !== undefined || Object.keys(elicitation).length === 0);
}

/** @param titles - as the choices of a field have their words: apart from the values before 2025-11-25 */
export async function ask(
  { message, fields, required, state }: Question,
  titles: "beside" | "apart",
  states: RequestStates,
  bound: Bound,
): Promise<InputRequiredResult> {
  const properties = Object.entries(fields).map(([name, field]) => [name, titles === "beside" ? field : withTitlesApart(field)]);
  const requestedSchema = { type: "object", properties: Object.fromEntries(properties), required: [...required] } as RequestedSchema;
  return inputRequired({
    inputRequests: { [ANSWER_KEY]: inputRequired.elicit({ message, requestedSchema }) },
    requestState: await states.seal(state, bound),
  });
}

/**
 * What the person said, of a call that comes again; undefined for the first one, and for one that brings no answer.
 *
 * @throws ProtocolError for a state that is not let in, in the SDK's own words for it
 */
export async function replyIn({ mcpReq }: ServerContext, states: RequestStates, bound: Bound): Promise<Reply | undefined> {
  const sealed = mcpReq.requestState<string>();
  if (sealed === undefined) return undefined;
  const opened = await states.open(sealed, bound);
  if (opened === undefined)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Invalid or expired requestState", { reason: "invalid_request_state" });
  const said = inputResponse(mcpReq.inputResponses, ANSWER_KEY);
  if (said.kind !== "elicit") return undefined;
  const { state } = opened;
  return said.action === "accept" ? { action: "accept", content: said.content ?? {}, state } : { action: said.action, state };
}

/** Why nobody was asked by a client that said that it can ask. */
export interface Unshown {
  readonly unshown: string;
}

/** How much sooner than its state a question is given up that waits over an open connection, in milliseconds. */
const MARGIN_MS = 5_000;

/** Most characters of what a client says of it. */
const MAX_SHOWN = 200;

/**
 * Asks over the open connection, in the era that has it, and gives the call as it comes again: with the answer. A person who says
 * nothing in time has closed the question.
 */
export async function askOver(
  ctx: ServerContext,
  { inputRequests = {}, requestState }: InputRequiredResult,
): Promise<ServerContext | Unshown> {
  const { mcpReq } = ctx;
  const { method, params } = inputRequests[ANSWER_KEY] as ElicitRequest;
  const comesAgain = (said: unknown): ServerContext => ({
    ...ctx,
    mcpReq: { ...mcpReq, inputResponses: { [ANSWER_KEY]: said }, requestState: <State>() => requestState as State | undefined },
  });
  try {
    return comesAgain(await mcpReq.send({ method, params }, { timeout: ANSWER_MS - MARGIN_MS, signal: mcpReq.signal }));
  } catch (cause) {
    if (mcpReq.signal.aborted) throw cause;
    // Nobody answered in time, or the client is gone.
    if (cause instanceof SdkError) return comesAgain({ action: "cancel" });
    return { unshown: `your client answered the question to your user with an error (${saidBy(cause)})` };
  }
}

function saidBy(cause: unknown): string {
  const { message } = cause instanceof Error ? cause : new Error(String(cause));
  const shown = message.replaceAll(/[\p{C}\s]+/gu, " ").slice(0, MAX_SHOWN);
  return cause instanceof ProtocolError ? `${shown}, ${cause.code}` : shown;
}

function withTitlesApart(field: Field): unknown {
  if (!("oneOf" in field)) return field;
  const { oneOf, ...rest } = field;
  return { ...rest, enum: oneOf.map((choice) => choice.const), enumNames: oneOf.map(({ title }) => title) };
}
