import { describe, expect, it } from "vitest";
import type { HeldIntent } from "../client/own-intents.ts";
import { createRenewal } from "./renewal.ts";

const MINUTE_MS = 60_000;
const START = { wallMs: 0, monotonicMs: 0 };

interface Given {
  readonly renews?: boolean;
  readonly ttlSec?: number;
  /** As the coordinator saw it, and as the bridge looks for itself. */
  readonly lastSignMs?: number;
  readonly lastEditMs?: number;
}

/** A task of 15 minutes, and a session that notes what it is sent. */
function working({ renews = true, ttlSec = 900, lastSignMs, lastEditMs }: Given = {}) {
  const intent: HeldIntent = { intentId: "i", objective: "o", fence: 1, files: ["a.ts"], ttlSec, renews, renewedAt: START };
  const intents = new Map([["i", intent]]);
  const sent: [minute: number, type: string, payload: object][] = [];
  const told: string[] = [];
  /** `ms` is what the wall clock shows; it was set by `setMs` in all. */
  const now = { ms: 0, setMs: 0, isJoined: true, asked: 0 };
  const instant = () => ({ wallMs: now.ms, monotonicMs: now.ms - now.setMs });
  const renew = createRenewal({
    client: {
      intents,
      get isJoined() {
        return now.isJoined;
      },
      send(type, payload) {
        sent.push([now.ms / MINUTE_MS, type, payload]);
        intents.set("i", { ...intent, renewedAt: instant() });
        return Promise.resolve({ ok: true, ack: { revision: 1 } });
      },
      query() {
        now.asked += 1;
        const last_sign_at = lastSignMs === undefined ? null : new Date(lastSignMs).toISOString();
        return Promise.resolve({ kind: "work", last_sign_at, uncommitted: [], uncommitted_count: 0 });
      },
    },
    lastCall: () => START,
    lastEditMs: lastEditMs === undefined ? undefined : () => Promise.resolve(lastEditMs),
    now: instant,
    tell: (sentence) => told.push(sentence),
  });
  /** Looks each minute until `minutes`. */
  const pass = async (minutes: number) => {
    for (const until = minutes * MINUTE_MS; now.ms < until;) {
      now.ms += MINUTE_MS;
      await renew();
    }
  };
  /** The wall clock alone moves: somebody sets it, or the machine sleeps where the other one stands still. */
  const setWall = (minutes: number): void => {
    now.ms += minutes * MINUTE_MS;
    now.setMs += minutes * MINUTE_MS;
  };
  return { now, sent, told, pass, setWall };
}

describe("a task that lives as long as the work", () => {
  it("is renewed at half its time, by one update each, without a question while tools are called", async () => {
    const { now, sent, pass } = working();

    await pass(17);

    expect(sent).toEqual([
      [8, "INTENT_UPDATE", { intent_id: "i", ttl_sec: 900 }],
      [16, "INTENT_UPDATE", { intent_id: "i", ttl_sec: 900 }],
    ]);
    expect(now.asked).toBe(0);
  });

  it("is left to end when nothing was seen of its work for 30 minutes", async () => {
    const { sent, pass } = working();

    await pass(60);

    expect(sent.map(([minute]) => minute)).toEqual([8, 16, 24]);
  });

  it.each([
    { name: "a hook or an edit 29 minutes ago renews it", lastSignMs: 40 * MINUTE_MS, renewals: 8 },
    { name: "one of long ago does not", lastSignMs: 0, renewals: 3 },
  ])("$name", async ({ lastSignMs, renewals }) => {
    const { sent, pass } = working({ lastSignMs });

    await pass(69);

    expect(sent).toHaveLength(renewals);
  });

  it.each([
    { name: "an edit 29 minutes ago", lastEditMs: 40 * MINUTE_MS, renewals: 8 },
    { name: "an edit of long ago", lastEditMs: 0, renewals: 3 },
  ])("goes by what its bridge sees for itself where the coordinator sees nothing: $name", async ({ lastEditMs, renewals }) => {
    const { now, sent, pass } = working({ lastEditMs, lastSignMs: 60 * MINUTE_MS });

    await pass(69);

    expect(sent).toHaveLength(renewals);
    expect(now.asked).toBe(0);
  });

  it.each([
    { name: "was set back an hour", minutes: -60, renewedAt: [-52, -44] },
    { name: "was set forward an hour", minutes: 60, renewedAt: [62, 70] },
  ])("is renewed in time although the wall clock $name, by the time that has passed", async ({ minutes, renewedAt }) => {
    const { now, sent, pass, setWall } = working();
    await pass(1);

    setWall(minutes);
    await pass(minutes + 17);

    expect(sent.map(([minute]) => minute)).toEqual(renewedAt);
    expect(now.asked).toBe(0);
  });

  it("is not renewed over a connection that is not there", async () => {
    const { now, sent, pass } = working();
    now.isJoined = false;

    await pass(10);

    expect([sent.length, now.asked]).toEqual([0, 0]);
  });
});

it("warns once of a task with an end of its own, when a fifth of its time is left, and does not renew it", async () => {
  const { sent, told, pass } = working({ renews: false, ttlSec: 600 });

  await pass(7);
  expect(told).toEqual([]);
  await pass(9);

  expect(sent).toEqual([]);
  expect(told).toEqual([
    'your task i lives until 00:10Z (2 min left), as its ttl_sec says; begin_task {"objective":"o","files":["a.ts"]} takes it up again',
  ]);
});
