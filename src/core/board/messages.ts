/**
 * The blackboard: what is written stays as it was written. A flag asks a person for something and does nothing by itself; it
 * waits until a person has acknowledged it.
 */
import type { AcknowledgeMessage, PostMessage } from "../../wire/board.ts";
import { refuse } from "../verdict.ts";
import type { BoardState } from "./state.ts";
import type { BoardMoment, Verdict } from "./verdict.ts";

/** The id tells where the message stands on the log, and differs from that of another log at the same place. */
export function decidePost(state: Readonly<BoardState>, post: PostMessage, at: BoardMoment): Verdict {
  const { topic, sender, proof, body, actionFlag } = post;
  const messageId = at.newId(`msg-${state.revision + 1}`);
  return {
    events: [{ type: "MessagePosted", messageId, topic, sender, ...(proof === undefined ? {} : { proof }), body, actionFlag }],
    result: { message: { id: messageId, postedAtMs: at.atMs } },
  };
}

/** The first word stands. */
export function decideAcknowledge(state: Readonly<BoardState>, { messageId, by }: AcknowledgeMessage, at: BoardMoment): Verdict {
  const acknowledged = state.acknowledged.get(messageId);
  if (acknowledged !== undefined) return { standing: { revision: 0, result: { acknowledged: { ...acknowledged } } } };
  const message = state.pending.byId.get(messageId) ?? state.messages.byId.get(messageId);
  if (message === undefined) {
    return refuse("board/no-message", `no message ${messageId} waits for an acknowledgement; see the pending flags of the status`);
  }
  if (!message.actionFlag) return refuse("board/not-flagged", `message ${messageId} asks for nothing, so there is nothing to acknowledge`);
  return { events: [{ type: "MessageAcknowledged", messageId, by }], result: { acknowledged: { by, atMs: at.atMs } } };
}
