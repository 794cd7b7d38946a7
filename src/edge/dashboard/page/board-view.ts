/** Lanes, claims that were left behind, and messages, with what a person may do about them. */
import type { LaneView, MessageView, StatusView } from "../../../wire/bus/views.ts";
import { badge, byId, clock, element, prose, quoted, row, show, write } from "./dom.ts";
import { counted } from "./text.ts";

const FOLD = { characters: 320, lines: 6 };

/** How many flagged messages wait, also where not all are listed. */
export function flagsIn(status: StatusView): number {
  const { _meta: counts } = status as { readonly _meta?: { readonly pending_action_flag_count?: number } };
  return counts?.pending_action_flag_count ?? status.pending_action_flags.length;
}

export function showBoard(status: StatusView, acknowledge: (id: string) => void): void {
  const { active_lanes: lanes, orphaned_claims: orphans, recent_messages: recent, pending_action_flags: flags } = status;
  show("lanes", lanes, laneRow);
  show("orphans", orphans, orphanRow);
  show("flags", flags, (message) => messageItem(message, "flag", acknowledge));
  show("messages", recent, (message) => messageItem(message, "message"));
  const unlisted = flagsIn(status) - flags.length;
  const more = byId("flags").closest("section")?.querySelector<HTMLElement>(".more");
  if (more === null || more === undefined) return;
  more.hidden = unlisted <= 0;
  write(more, `${counted(unlisted, "older one")} behind these.`);
}

function holder({ owner, asserted, owner_gone: gone }: LaneView): (Node | undefined)[] {
  return [
    quoted(owner ?? "somebody"),
    asserted === true
      ? element("div", { class: "dim", title: "Nobody proved to be the bearer of this name." }, "name not proven")
      : undefined,
    gone === true ? element("div", {}, badge("has left", "amber")) : undefined,
  ];
}

function laneRow(lane: LaneView, table: HTMLElement): Node {
  return row(table, [[quoted(lane.lane ?? "")], holder(lane), [clock(lane.expires_at, "left")]]);
}

function orphanRow(lane: LaneView, table: HTMLElement): Node {
  const isLive = lane.state === "held";
  const lease = isLive ? ["ends in ", clock(lane.expires_at, "left")] : ["ended ", clock(lane.expires_at, "ago")];
  return row(table, [[quoted(lane.lane ?? "")], holder(lane), lease]);
}

function messageItem(message: MessageView, kind: "flag" | "message", acknowledge?: (id: string) => void): Node {
  const { topic = "", sender = "somebody", posted_at, asserted, action_flag: isFlag, acknowledged } = message;
  const id = String(message.id ?? "");
  const meta = element(
    "p",
    { class: "meta" },
    badge(topic, "topic"),
    " ",
    element("strong", {}, quoted(sender)),
    asserted === true
      ? element("span", { class: "dim", title: "Nobody proved to be the bearer of this name." }, " (not proven)")
      : undefined,
    " ",
    element("span", { class: "dim" }, clock(posted_at, "ago")),
    kind === "message" && isFlag === true && acknowledged === undefined ? badge("needs a person", "amber") : undefined,
  );
  const seen =
    acknowledged === undefined
      ? undefined
      : element("p", { class: "dim" }, "acknowledged by ", quoted(acknowledged.by ?? "somebody"), " ", clock(acknowledged.at, "ago"));
  const button = element("button", { type: "button", "data-key": `ack ${id}` }, "Acknowledge");
  button.setAttribute("aria-label", `Acknowledge the message of ${sender} about ${topic}`);
  button.addEventListener("click", () => {
    // A button that is disabled would lose the focus.
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    acknowledge?.(id);
  });
  return element("li", {}, meta, bodyOf(message, `${kind} ${id}`), seen, acknowledge === undefined ? undefined : button);
}

function bodyOf(message: MessageView, key: string): Node {
  const isCut = (message as { readonly cut?: unknown }).cut === true;
  const rest = isCut ? element("p", { class: "dim" }, "The rest is on the board: «signalbox board» shows it.") : undefined;
  return prose(message.body ?? "", key, FOLD, rest);
}
