/** Whom the name of a caller over HTTP makes it, where there are several of one name, and many names of one. */
import { expect, it } from "vitest";
import { proven, tokenOf, visited } from "./visitors.test.fixture.ts";

const MINUTE = 60_000;
const ana = proven("ana");
const task = (...files: string[]) => ({ objective: "o", files });

it.each(["authenticated", "open"] as const)(
  "lets nobody yield a task of another of the same name whose credential it has not (%s)",
  async (profile) => {
    await using session = await visited({ profile });
    const namesake = proven("ana", { identity: tokenOf("another ana", { issuer: "https://issuer.example" }) });
    const { intent_id } = await session.call(ana, "begin_task", task("a.ts"), "claude");
    const scope = { kind: "file_set", resources: ["b.ts"] };
    await session.says("ana/vscode", "HELLO", { roles: ["contributor"] }, profile === "open" ? undefined : tokenOf("ana"));
    await session.says("ana/vscode", "INTENT_ANNOUNCE", { intent_id: "i", objective: "o", scope, ttl_sec: 600 });

    expect(await session.call(namesake, "yield_task", { intent_id })).toMatchObject({ status: "error", code: "INTENT_NOT_OWNER" });
    expect(await session.call(namesake, "yield_task", { intent_id: "i" })).toMatchObject({ status: "error", code: "INTENT_NOT_OWNER" });
  },
);

it("gives a name beside that of a namesake with another credential, and the same one in the next life", async () => {
  const first = await visited();
  const namesake = proven("ana", { identity: tokenOf("x", { fingerprint: "0123456789abcdef" }) });
  await first.call(namesake, "who_is_working", {}, "claude");
  await first.call(ana, "begin_task", task("a.ts"), "claude");
  const begun = await first.call(namesake, "begin_task", task("b.ts"), "claude");
  await first.end();
  await using next = await visited({ store: first.store });

  expect(begun).toMatchObject({ status: "ok", principal_id: "ana-012345/claude" });
  expect(await next.call(namesake, "yield_task", { intent_id: begun.intent_id }, "claude")).toMatchObject({ status: "ok" });
  expect(await next.call(namesake, "begin_task", task("c.ts"), "claude")).toMatchObject({ principal_id: "ana-012345/claude" });
});

it("keeps whoever has only read in mind for a minute, under however many names", async () => {
  await using session = await visited();
  for (const client of ["one", "two", "three"]) await session.call(ana, "who_is_working", {}, client);
  await session.call(proven("bo"), "who_is_working");

  await session.pass(MINUTE / 2, 15_000);
  expect(session.left).toBe(0);
  await session.pass(MINUTE, 15_000);

  expect(session.left).toBe(1);
});
