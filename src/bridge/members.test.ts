import { expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { CONTROL } from "../wire/versions.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { createMember } from "./member.ts";
import { createMembers } from "./members.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

const MINUTE_MS = 60_000;

it("lets a sub-agent go that holds nothing and was not called for a while, and takes it in again", async () => {
  await using scratch = await scratchFolder();
  await using sidecar = await sidecarFor(await scratch.repository("repo"));
  const memberAs = (principalId: string) =>
    createMember({
      client: { principalId, locate: () => Promise.resolve({ uri: sidecar.uri }), control: CONTROL },
      workspaceDir: scratch.folder,
      notices: { tell: () => undefined, take: () => [] },
      settled: () => Promise.resolve(),
    });
  let nowMs = 0;
  const members = createMembers(memberAs("ana"), memberAs, () => nowMs);
  const announce = async (label: string) => {
    const agent = await members.as(label);
    return agent.announce({
      intentId: label,
      objective: "o",
      files: [label],
      onOverlap: "block",
      ttlSec: 900,
      renews: true,
      requestId: label,
    });
  };
  const present = async () => (await members.main.coordination.summary({})).participants.map(({ principal_id }) => principal_id).toSorted();
  const left = (...names: string[]) =>
    eventually(async () => (JSON.stringify(await present()) === JSON.stringify(names) ? true : undefined));

  await announce("holding");
  for (const label of ["idle", "used"]) await (await members.as(label)).membership();
  nowMs += 9 * MINUTE_MS;
  await members.as("used");
  members.worked();
  const before = await present();
  nowMs += 2 * MINUTE_MS;
  members.worked();
  await left("ana", "ana/holding", "ana/used");
  const again = await (await members.as("idle")).membership();
  nowMs += 11 * MINUTE_MS;
  members.worked();
  const atOnce = await (await members.as("used")).membership();
  await left("ana", "ana/holding", "ana/used");
  await members.leave();

  expect(before).toEqual(["ana", "ana/holding", "ana/idle", "ana/used"]);
  expect([again.principalId, atOnce.principalId]).toEqual(["ana/idle", "ana/used"]);
});
