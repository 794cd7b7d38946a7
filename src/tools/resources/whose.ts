/** What of a session is the caller's own: its tasks, its conflicts, and those of its sub-agents. */
import { isUnder } from "../../wire/ids.ts";
import type { ConflictView, ParticipantView } from "../../wire/query/views.ts";

/** @param me - the caller's name; a sub-agent of its is called `<me>/<label>` */
export function isOwn(me: string, name: string | null | undefined): boolean {
  return typeof name === "string" && me !== "" && isUnder(me, name);
}

/** Whether the caller's word is asked for: it is in the conflict, or the conflict was escalated to it. */
export function concerns(me: string, { principal_a, principal_b, escalated_to }: ConflictView): boolean {
  return [principal_a, principal_b, escalated_to].some((name) => isOwn(me, name));
}

/** Whether the caller may decide what others claim, or a conflict that was escalated to nobody. */
export function mayDecide(me: string, participants: readonly ParticipantView[]): boolean {
  const { roles = [] } = participants.find(({ principal_id }) => principal_id === me) ?? {};
  return roles.includes("owner") || roles.includes("arbiter");
}

/** Whether the caller is in the conflict and has said nothing of it yet: what it has said stands. */
export function asksForWord(me: string, { principal_a, principal_b, acknowledgements = {} }: ConflictView): boolean {
  const isMine = (name: string | null): boolean => isOwn(me, name);
  return [principal_a, principal_b].some(isMine) && !Object.keys(acknowledgements).some(isMine);
}
