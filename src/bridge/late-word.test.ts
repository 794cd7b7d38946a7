import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { createSessionClient } from "../client/session-client.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { createNotices } from "../tools/notices.ts";
import { CONTROL } from "../wire/versions.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { createMember } from "./member.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

/** A way to the sidecar that can be cut, and is shut until it is opened again. */
async function wayTo(uri: string) {
  const { port } = new URL(uri);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((socket) => {
    if (!isOpen) {
      socket.destroy();
      return;
    }
    const onward = connect(Number(port), "127.0.0.1");
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one.on("error", () => undefined).on("close", () => other.destroy()));
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = new URL(uri);
  at.port = String((server.address() as AddressInfo).port);
  return {
    uri: at.href,
    cut() {
      isOpen = false;
      for (const socket of sockets) socket.destroy();
    },
    open: () => void (isOpen = true),
    [Symbol.dispose]: () => void server.close(),
  };
}

it("takes up a task whose claim is approved while its connection is cut", async () => {
  await using scratch = await scratchFolder();
  await using sidecar = await sidecarFor(await scratch.repository("repo"), {}, { compliance: "governance" });
  using way = await wayTo(sidecar.uri);
  const as = { control: CONTROL, locate: () => Promise.resolve({ uri: sidecar.uri }) };
  const bo = createSessionClient({ principalId: "bo", ...as });
  await bo.send("INTENT_ANNOUNCE", { intent_id: "intent-bo", scope: { kind: "file_set", resources: ["a.ts"] } });
  await bo.close("transfer");
  await using dee = createSessionClient({ principalId: "dee", roles: ["owner"], ...as });
  const ana = createMember({
    client: {
      principalId: "ana",
      control: CONTROL,
      locate: () => Promise.resolve({ uri: way.uri }),
      limits: { firstDelayMs: 5, mostDelayMs: 20 },
    },
    workspaceDir: scratch.folder,
    notices: createNotices(),
    settled: () => Promise.resolve(),
  });
  await ana.coordination.claim({ claimId: "k", originalIntentId: "intent-bo", newIntentId: "intent-ana", objective: "o" }, { limitMs: 0 });

  way.cut();
  await dee.send("INTENT_CLAIM", { claim_id: "k", extensions: { signalbox: { decision: "approved" } } });
  way.open();
  const held = await eventually(() => Promise.resolve([...ana.client.intents.values()].find(({ renews }) => renews)));
  await ana.leave();

  expect(held).toMatchObject({ intentId: "intent-ana", files: ["a.ts"] });
});

it("takes up a task whose claim is approved after the call that asked for it", async () => {
  await using scratch = await scratchFolder();
  await using sidecar = await sidecarFor(await scratch.repository("repo"), {}, { compliance: "governance" });
  const as = { control: CONTROL, locate: () => Promise.resolve({ uri: sidecar.uri }) };
  const bo = createSessionClient({ principalId: "bo", ...as });
  await bo.send("INTENT_ANNOUNCE", { intent_id: "intent-bo", scope: { kind: "file_set", resources: ["a.ts"] } });
  await bo.close("transfer");
  await using dee = createSessionClient({ principalId: "dee", roles: ["owner"], ...as });
  const ana = createMember({
    client: { principalId: "ana", ...as },
    workspaceDir: scratch.folder,
    notices: createNotices(),
    settled: () => Promise.resolve(),
  });
  const claim = { claimId: "claim-1", originalIntentId: "intent-bo", newIntentId: "intent-ana", objective: "finish it" };

  const inTime = await ana.coordination.claim(claim, { limitMs: 0 });
  await dee.send("INTENT_CLAIM", { claim_id: "claim-1", extensions: { signalbox: { decision: "approved" } } });
  const held = await eventually(() => Promise.resolve(ana.client.intents.get("intent-ana")));
  await ana.leave();

  expect(inTime).toEqual({ ok: true, result: undefined });
  expect(held).toMatchObject({ files: ["a.ts"], renews: true });
});
