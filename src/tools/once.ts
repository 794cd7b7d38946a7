/**
 * What the caller's own id for a call, `client_request_id`, makes of the ids that a tool mints: the same id asks for the same
 * thing, so whoever keeps it (the session, the board, a broker of mail) finds the first one and does nothing twice.
 *
 * What was refused is not kept: a repeat of it tries again.
 */
import * as z from "zod";
import type { ToolContext } from "./ports.ts";
import type { Coordination } from "./ports/session.ts";

export const clientRequestId = () => z.string().min(1).max(128).optional().describe("A repeat is done once.");

/** Who calls which tool, under which id of its own. */
export interface Request {
  readonly principalId: string;
  readonly tool: string;
  readonly requestId: string;
}

/** The call as one that may come again; nothing when the caller gave no id. */
export async function requestOf(coordination: Coordination, tool: string, requestId: string | undefined): Promise<Request | undefined> {
  if (requestId === undefined) return undefined;
  const { principalId } = await coordination.membership();
  return { principalId, tool, requestId };
}

/** The same for mail, which needs no session: a sender has a name without one. */
export async function requestOfMail({ board }: ToolContext, tool: string, requestId: string | undefined): Promise<Request | undefined> {
  return requestId === undefined ? undefined : { principalId: await board.principal(), tool, requestId };
}

/** The id of something that the call makes: of a request always the same one, else a new one. Hex digits. */
export function idFor(ctx: Pick<ToolContext, "hash" | "newId">, request: Request | undefined, what: string): string {
  if (request === undefined) return ctx.newId();
  return ctx.hash(JSON.stringify([request.principalId, request.tool, request.requestId, what])).slice(0, 32);
}

/** What a command of the call carries, so that the session knows it again. */
export function repeatable(ctx: Pick<ToolContext, "hash" | "newId">, request: Request | undefined): { readonly requestId?: string } {
  return request === undefined ? {} : { requestId: idFor(ctx, request, "command") };
}
