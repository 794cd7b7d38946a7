/** What happens because time has passed: a name is free again, and ids may be used again. */
import type { MailEvent } from "../../wire/mail.ts";
import type { Decision } from "../aggregate.ts";
import { NOTHING_TO_DO } from "../verdict.ts";
import { IDS_REMEMBERED_MS, type MailState } from "./state.ts";

const PEER = "peer:";

export function decideTick(state: Readonly<MailState>, atMs: number): Decision<MailEvent> {
  const due = state.deadlines.first();
  if (due === undefined || due.dueAtMs > atMs) return NOTHING_TO_DO;
  const { id, dueAtMs } = due;
  if (id.startsWith(PEER)) return { accepted: [{ type: "PeerForgotten", name: id.slice(PEER.length), dueAtMs }] };
  return { accepted: [{ type: "IdsForgotten", beforeMs: dueAtMs - IDS_REMEMBERED_MS, dueAtMs }] };
}
