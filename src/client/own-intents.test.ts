import { expect, it } from "vitest";
import type { SessionInfo } from "./inbound.ts";
import { createOwnIntents } from "./own-intents.ts";

const MINUTE_MS = 60_000;
const NOW = { wallMs: Date.UTC(2026, 0, 1), monotonicMs: 100 * MINUTE_MS };

/** What a coordinator says of a task of 15 minutes that ends at `expiresAt`. */
function infoWith(expiresAt: string): SessionInfo {
  const intent = { intent_id: "i", state: "ACTIVE", fence: 1, objective: "o", resources: ["a.ts"], expires_at: expiresAt, ttl_sec: 900 };
  const signalbox = { control: 1, version: "0.1.0", revision: 1, workspace_dir: "/w", intents: [intent] };
  return { session_id: "s", granted_roles: [], extensions: { signalbox } };
}

it.each([
  { name: "agree", aheadMs: 0 },
  { name: "differ by an hour, because one was set back and the session's time never is", aheadMs: 60 * MINUTE_MS },
  { name: "differ the other way", aheadMs: -60 * MINUTE_MS },
])("knows for how long a task has lived when the clocks $name", ({ aheadMs }) => {
  const intents = createOwnIntents(undefined, () => NOW);
  const saidAtMs = NOW.wallMs + aheadMs;

  intents.learn(infoWith(new Date(saidAtMs + 11 * MINUTE_MS).toISOString()), saidAtMs);

  expect(intents.all.get("i")?.renewedAt).toEqual({ wallMs: NOW.wallMs - 4 * MINUTE_MS, monotonicMs: NOW.monotonicMs - 4 * MINUTE_MS });
});

it.each(["", "soon"])("takes a task for a new one when its end is %j", (expiresAt) => {
  const intents = createOwnIntents(undefined, () => NOW);

  intents.learn(infoWith(expiresAt), NOW.wallMs);

  expect(intents.all.get("i")?.renewedAt).toEqual(NOW);
});
