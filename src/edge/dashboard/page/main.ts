/** The panel's page: lets a person in, follows the session, and says how fresh what it shows is. */
import type { DashboardState } from "../../../wire/dashboard.ts";
import { flagsIn, showBoard } from "./board-view.ts";
import { byId, tick, write } from "./dom.ts";
import { ask, follow, Locked } from "./follow.ts";
import { findSecret, forget, keep } from "./secret.ts";
import { showSession } from "./session-view.ts";
import { counted, folderName, sentence, visible } from "./text.ts";
import { ago, left, span } from "./times.ts";

/** Added to this machine's clock it gives the sidecar's. */
let skewMs = 0;
let heardAtMs: number | undefined;
let retryAtMs: number | undefined;
let isStuck = false;
/** Why the last acknowledgement was not taken. */
let refused = "";

function showState(state: DashboardState, token: string): void {
  const { session, board } = state;
  const { summary } = session;
  const { status } = board;
  skewMs = Date.parse(state.at) - Date.now();
  byId("panel").hidden = false;
  showSession(summary);
  showBoard(status, (id) => void acknowledge(id, token));

  const flags = flagsIn(status);
  const here = summary.participants.filter(({ is_available }) => is_available).length;
  for (const [id, number] of [
    ["people", here + summary.participant_count - summary.participants.length],
    ["tasks", summary.active_intent_count],
    ["conflicts", summary.open_conflict_count],
    ["lanes", status.active_lanes.length],
    ["flags", flags],
  ] as const) {
    const node = byId(`count-${id}`);
    write(node, String(number));
    node.parentElement?.classList.toggle("lit", number > 0);
  }
  write(byId("place"), visible(summary.workspace_dir === "" ? summary.session_id : folderName(summary.workspace_dir)));
  byId("place").title = visible(summary.workspace_dir);
  write(byId("session"), `Session ${visible(summary.session_id)}, at record ${session.revision}; board at record ${board.revision}`);
  document.title = `${flags > 0 ? `(${flags}) ` : ""}Signalbox: ${visible(folderName(summary.workspace_dir) || summary.session_id)}`;
  write(byId("said"), flags === 0 ? "" : `${counted(flags, "message needs", "messages need")} a person.`);
  isStuck = !session.writable || !board.writable;
  showTrouble();
  showClocks();
}

async function acknowledge(id: string, token: string): Promise<void> {
  refused = "";
  try {
    await ask("ack", token, { method: "POST", body: JSON.stringify({ id }) });
  } catch (error) {
    refused = sentence(`this message was not acknowledged: ${(error as Error).message}`);
    const button = [...document.querySelectorAll<HTMLButtonElement>("#flags button")].find(({ dataset }) => dataset["key"] === `ack ${id}`);
    button?.removeAttribute("aria-disabled");
  }
  showTrouble();
}

function showTrouble(): void {
  const node = byId("trouble");
  const text = isStuck ? "The log takes no records now, so what is shown may be old. «signalbox doctor» says why." : visible(refused);
  write(node, text);
  node.hidden = text === "";
}

function showConnection(state: "live" | "lost" | "starting", text: string): void {
  const node = byId("connection");
  node.dataset["state"] = state;
  write(node, text);
  document.body.classList.toggle("stale", state === "lost");
}

function showClocks(): void {
  const nowMs = Date.now();
  tick(nowMs + skewMs, ago, left);
  const retry = retryAtMs === undefined ? "" : `, next attempt in ${span(Math.max(0, retryAtMs - nowMs))}`;
  write(byId("heard"), heardAtMs === undefined ? "" : `heard ${ago(nowMs - heardAtMs)}${retry}`);
}

function lock(why: string): void {
  forget();
  [heardAtMs, retryAtMs] = [undefined, undefined];
  showClocks();
  document.title = "Signalbox";
  byId("panel").hidden = true;
  byId("sign-in").hidden = false;
  write(byId("sign-in-why"), visible(sentence(why)));
  showConnection("starting", "Locked");
  (byId("token") as HTMLInputElement).focus();
}

async function run(token: string): Promise<void> {
  byId("sign-in").hidden = true;
  showConnection("starting", "Connecting");
  try {
    await follow(token, {
      onState: (state) => showState(state, token),
      onHeard() {
        heardAtMs = Date.now();
        showClocks();
      },
      onLive() {
        retryAtMs = undefined;
        keep(token);
        showConnection("live", "Live");
      },
      onLost(why, pauseMs) {
        retryAtMs = Date.now() + pauseMs;
        showConnection("lost", `Reconnecting: ${visible(why)}`);
        showClocks();
      },
    });
  } catch (error) {
    if (!(error instanceof Locked)) throw error;
    lock(error.message);
  }
}

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = byId("token") as HTMLInputElement;
  const token = input.value.trim();
  input.value = "";
  if (token !== "") void run(token);
});
setInterval(showClocks, 1_000);
// A new address in an old tab loads nothing by itself.
addEventListener("hashchange", () => location.reload());

async function start(): Promise<void> {
  const found = await findSecret();
  if ("token" in found) await run(found.token);
  else lock(found.why);
}

start().catch((error: unknown) => lock(`the page could not start: ${String(error)}`));
