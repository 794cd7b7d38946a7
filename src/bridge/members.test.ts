import { expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { createNotices } from "../tools/notices.ts";
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
      notices: createNotices(),
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

it("tells who is in a conflict that nobody has resolved it, and its scope is frozen", async () => {
  await using scratch = await scratchFolder();
  await using sidecar = await sidecarFor(await scratch.repository("repo"), {}, { governance: { resolution_timeout_sec: 0.05 } });
  const notices = { ana: createNotices(), bo: createNotices(), cy: createNotices() };
  const memberAs = (principalId: keyof typeof notices) =>
    createMember({
      client: { principalId, locate: () => Promise.resolve({ uri: sidecar.uri }), control: CONTROL },
      workspaceDir: scratch.folder,
      notices: notices[principalId],
      settled: () => Promise.resolve(),
    });
  const [ana, bo, cy] = [memberAs("ana"), memberAs("bo"), memberAs("cy")] as const;
  const announce = (intentId: string, by: typeof ana) =>
    by.coordination.announce({
      intentId,
      objective: "o",
      files: ["a.ts"],
      onOverlap: "proceed",
      ttlSec: 900,
      renews: true,
      requestId: intentId,
    });

  await cy.coordination.membership();
  await announce("i", ana);
  await announce("k", bo);
  const firstOf = (name: keyof typeof notices) => eventually(() => Promise.resolve(notices[name].take()[0]));
  const first = { toAna: await firstOf("ana"), toBo: await firstOf("bo"), toCy: notices.cy.take()[0] };
  await Promise.all([ana, bo, cy].map((member) => member.leave()));

  expect(first.toAna).toMatch(/^nobody has resolved conflict \S+ in time; its scope is frozen \(phase 1\)/);
  expect([first.toBo, first.toCy]).toEqual([first.toAna, undefined]);
});
