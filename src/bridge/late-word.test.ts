import { expect, it } from "vitest";
import { createSessionClient } from "../client/session-client.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { CONTROL } from "../wire/versions.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { createMember } from "./member.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

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
    notices: { tell: () => undefined, take: () => [] },
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
