import { expect, it } from "vitest";
import { of, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

async function join(client: TestClient) {
  client.send("HELLO", {});
  return client.next(of("SESSION_INFO"));
}

/** What has come to the connection when everything on its way has: a pong answers behind it. */
async function untilQuiet(client: TestClient): Promise<void> {
  const pong = new Promise((resolve) => client.socket.once("pong", resolve));
  client.socket.ping();
  await pong;
}

it("an edge that holds hands on what it has read, and answers nothing after that", async () => {
  let finish: () => void = () => undefined;
  let begun: () => void = () => undefined;
  const reads = new Promise<void>((resolve) => (begun = resolve));
  const disk = new Promise<null>((resolve) => (finish = () => resolve(null)));
  const reference = () => {
    begun();
    return disk;
  };
  await using served = await serveSession({ files: { reference } });
  using ana = await served.connect("ana");
  using bo = await served.connect("bo");
  await join(ana);
  await join(bo);
  ana.send("OP_COMMIT", { op_id: "o", target: "a.ts", op_kind: "replace", state_ref_before: null, state_ref_after: "sha256:1" });
  await reads; // a frame that waits for the disk

  let isHeld = false;
  const held = served.edge.hold().then(() => (isHeld = true));
  bo.send("INTENT_ANNOUNCE", { intent_id: "late", scope: scope("b.ts") });
  await untilQuiet(bo);
  const before = isHeld;
  finish();
  await held;

  expect(before).toBe(false);
  expect((await ana.next((frame) => of("OP_COMMIT")(frame) || of("PROTOCOL_ERROR")(frame))).message_type).toBe("OP_COMMIT");
  expect((await served.log()).some((text) => text.includes('"late"'))).toBe(false);
});

it("an edge that holds while nothing is read is held at once", async () => {
  await using served = await serveSession();

  await served.edge.hold();

  expect(served.edge.connections).toBe(0);
});

it("an edge that holds tells everybody who comes next, and at which epoch", async () => {
  await using served = await serveSession();
  using ana = await served.connect("ana");
  const info = await join(ana);

  await served.edge.hold();
  const status = await ana.next((frame) => of("COORDINATOR_STATUS")(frame) && frame.payload["event"] === "handover");

  expect(status.payload).toMatchObject({
    successor_coordinator_id: status.payload["coordinator_id"],
    next_coordinator_epoch: Number(info["coordinator_epoch"]) + 1,
  });
});
