/** `signalbox://inbox`: what waits for the caller. Nothing is taken or acknowledged by looking. */
import type { JsonObject } from "../../wire/json.ts";
import { busStatus } from "../../wire/bus/requests.ts";
import { StatusView } from "../../wire/bus/views.ts";
import { viewMail } from "../bus-drain.ts";
import type { ToolContext } from "../ports.ts";
import type { Resource } from "../resource.ts";
import { ofBus } from "./bus.ts";
import { withSides } from "./conflicts.ts";
import { fitting, JSON_TYPE, jsonContent, OTHERS, remark } from "./content.ts";
import { concerns, isOwn, mayDecide } from "./whose.ts";

/** Characters of the mail in one reading. */
const MOST_MAIL = 24_000;

/** Tasks among which the sides of a conflict are looked for. */
const MOST_INTENTS = 200;

export const inbox: Resource = {
  uri: "signalbox://inbox",
  name: "inbox",
  title: "Inbox",
  description:
    "What waits for you: mail of peers (bus_drain takes it), your open conflicts, claims on your tasks, messages flagged for a person.",
  mimeType: JSON_TYPE,
  profile: "core",
  async read(ctx, _values, uri) {
    const { principalId: me } = await ctx.coordination.membership();
    const [summary, mail, flags] = await Promise.all([ctx.coordination.summary({ limit: MOST_INTENTS }), mailOf(ctx), flagsOf(ctx)]);
    const mine = summary.open_conflicts.filter((conflict) => concerns(me, conflict));
    const conflicts = fitting(mine.map((conflict) => withSides(conflict, summary.active_intents)));
    const decides = mayDecide(me, summary.participants);
    const claims = (summary.claims ?? []).filter(
      ({ intent_principal_id: owner, due_at }) => isOwn(me, owner) || (decides && due_at === undefined),
    );
    return jsonContent(uri, {
      session_id: summary.session_id,
      captured_at: summary.captured_at,
      ...mail,
      open_conflicts: conflicts.items,
      ...(remark(conflicts.left, "settle some of these first") as JsonObject),
      claims: fitting(claims).items,
      ...flags,
      note: OTHERS,
    });
  },
};

/** Where nobody may look without taking, only how much waits. */
async function mailOf({ peers }: ToolContext): Promise<JsonObject> {
  const unread = peers.unread();
  const waiting = await peers.waiting?.(MOST_MAIL);
  if (waiting === undefined) return { unread };
  return { unread: waiting.messages.length + waiting.remaining, mail: waiting.messages.map((message) => viewMail(message, MOST_MAIL)) };
}

/** A bus without flags, or none at all, keeps nobody from the rest. */
async function flagsOf(ctx: ToolContext): Promise<JsonObject> {
  const members = await ofBus(ctx, busStatus(), (body) => {
    const { items, left } = fitting(StatusView.parse(body).pending_action_flags, 20);
    return { flags: items, ...(left === 0 ? {} : { flags_left_out: left }) };
  });
  return "unavailable" in members ? { flags_unavailable: members["unavailable"] ?? null } : members;
}
