/**
 * What the bus says of lanes and messages, as far as a reader needs it. Another bus than ours may leave anything out, so
 * every member is optional, and one of another type counts as left out.
 */
import * as z from "zod";

const text = () => z.string().optional().catch(undefined);
const number = () => z.number().optional().catch(undefined);
const truth = () => z.boolean().optional().catch(undefined);

export const LaneView = z.looseObject({
  lane: text(),
  owner: text(),
  state: text(),
  /** RFC 3339. */
  expires_at: text(),
  /** Seconds. */
  expires_in_s: number(),
  fencing_token: number(),
  /** Whether nobody proved to be the owner. */
  asserted: truth(),
  /** Whether this claim took it, and it was not the owner's before. */
  claimed_now: truth(),
  /** Whether the owner has left the session. */
  owner_gone: truth(),
});
export type LaneView = z.infer<typeof LaneView>;

/** An answer to a claim that has to wait. */
export const WaitingView = z.object({
  status: text(),
  ticket: text(),
  ahead: number(),
  holder: text(),
  /** Seconds until the holder's lease ends. */
  expires_in_s: number(),
});
export type WaitingView = z.infer<typeof WaitingView>;

/** An id, or a place in a list: of whatever type another bus has them. */
const mark = () => z.union([z.string(), z.number()]).optional().catch(undefined);

export const MessageView = z.looseObject({
  id: mark(),
  topic: text(),
  sender: text(),
  body: text(),
  action_flag: truth(),
  /** RFC 3339. */
  posted_at: text(),
  asserted: truth(),
  acknowledged: z.looseObject({ by: text(), at: text() }).optional().catch(undefined),
});
export type MessageView = z.infer<typeof MessageView>;

const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).catch([]);

/** `before`: what a question for the next page names. */
export const MessagesView = z.looseObject({ messages: listOf(MessageView), before: mark() });
export type MessagesView = z.infer<typeof MessagesView>;

export const StatusView = z.looseObject({
  active_lanes: listOf(LaneView),
  orphaned_claims: listOf(LaneView),
  recent_messages: listOf(MessageView),
  pending_action_flags: listOf(MessageView),
  writes: text(),
});
export type StatusView = z.infer<typeof StatusView>;
