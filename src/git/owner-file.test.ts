import { chmod, mkdir, readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Owner, Surroundings } from "../wire/owner.ts";
import { OwnedElsewhere } from "./owned-elsewhere.ts";
import { claimStore, ownerElsewhere, readOwner } from "./owner-file.ts";
import { asOrdinaryUser, type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { isElsewhere, surroundings } from "./surroundings.ts";

const HERE: Surroundings = { boot_id: "b", host_name: "ana-laptop", pid_namespace: "pid:[1]", network_namespace: "net:[1]" };
const THERE: Surroundings = { ...HERE, host_name: "container", pid_namespace: "pid:[2]", network_namespace: "net:[2]" };

let scratch: Scratch;
let folder: string;
beforeEach(async () => {
  scratch = await scratchFolder();
  folder = join(scratch.folder, "store");
  await mkdir(folder);
});
afterEach(() => scratch[Symbol.asyncDispose]());

const path = (): string => join(folder, "owner.json");

/** What somebody left `agoMs` ago; `stampedMs` is the file's own age where that is another. */
async function left(where: Surroundings, agoMs: number, stampedMs = agoMs): Promise<Owner> {
  const owner = { ...where, pid: 77, address: { host: "127.0.0.1", port: 38_001 }, renewed_at: new Date(Date.now() - agoMs).toISOString() };
  await writeFile(path(), JSON.stringify(owner));
  const stamp = (Date.now() - stampedMs) / 1_000;
  await utimes(path(), stamp, stamp);
  return owner;
}

/** Resolves with what the file says once that is what is waited for. */
async function until(matches: (owner: Owner | undefined) => boolean): Promise<Owner | undefined> {
  for (;;) {
    const owner = await readOwner(folder);
    if (matches(owner)) return owner;
  }
}

describe("the owner of a store", () => {
  it("is named before the log is opened, says later where it answers, and is gone when it ends", async () => {
    const ownership = await claimStore(folder, { here: HERE });
    const first = await readOwner(folder);
    await ownership.announce({ host: "127.0.0.1", port: 38_002 });
    const second = await readOwner(folder);
    await ownership[Symbol.asyncDispose]();
    await ownership[Symbol.asyncDispose]();

    expect(first).toMatchObject({ ...HERE, pid: process.pid });
    expect(first?.address).toBeUndefined();
    expect(second?.address).toEqual({ host: "127.0.0.1", port: 38_002 });
    expect(await readdir(folder)).toEqual([]);
  });

  it("renews its file all the time", async () => {
    await using _ownership = await claimStore(folder, { here: HERE, renewMs: 5 });
    const first = await readOwner(folder);

    const renewed = await until((owner) => owner !== undefined && owner.renewed_at !== first?.renewed_at);

    expect(renewed).toMatchObject({ ...HERE, pid: process.pid });
  });

  it.each([
    { name: "from elsewhere", where: THERE, agoMs: 19_000 },
    { name: "of another network alone", where: { ...HERE, network_namespace: "net:[2]" }, agoMs: 0 },
    { name: "of another start of the machine", where: { ...HERE, boot_id: "c" }, agoMs: 0 },
    { name: "of a machine that has no namespaces", where: { boot_id: "b", host_name: "ana-laptop" }, agoMs: 0 },
    { name: "by a clock that is early by less than 20 s", where: THERE, agoMs: -19_000 },
    { name: "by a clock that is an hour late", where: THERE, agoMs: 3_600_000, stampedMs: 0 },
    { name: "by a clock that is an hour early", where: THERE, agoMs: -3_600_000, stampedMs: 0 },
    { name: "on a disk that stamps by another clock", where: THERE, agoMs: 1_000, stampedMs: 3_600_000 },
  ])("keeps others out while its file is fresh: $name", async ({ where, agoMs, stampedMs }) => {
    const owner = await left(where, agoMs, stampedMs);

    await expect(claimStore(folder, { here: HERE })).rejects.toThrow(OwnedElsewhere);

    expect(await ownerElsewhere(folder, HERE)).toEqual(owner);
    expect(JSON.parse(await readFile(path(), "utf8"))).toEqual(owner);
    expect(await readdir(folder)).toEqual(["owner.json"]);
  });

  it.each([
    { name: "from elsewhere and old", where: THERE, agoMs: 21_000 },
    { name: "from elsewhere and the future, by more than 20 s", where: THERE, agoMs: -21_000 },
    { name: "in sight, where the lock on the log decides", where: HERE, agoMs: 0 },
    { name: "in sight and old", where: HERE, agoMs: 21_000 },
  ])("gives way $name", async ({ where, agoMs }) => {
    await left(where, agoMs);

    const ownership = await claimStore(folder, { here: HERE });
    await ownership.announce({ host: "127.0.0.1", port: 38_002 });

    expect(await ownerElsewhere(folder, HERE)).toBeUndefined();
    expect(await readOwner(folder)).toMatchObject({ ...HERE, pid: process.pid });
    await ownership[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(["", "{", "[]", '{"pid":1}'])("that says %j is as good as none", async (text) => {
    await writeFile(path(), text);

    await using _ownership = await claimStore(folder, { here: HERE });

    expect(await readOwner(folder)).toMatchObject(HERE);
  });

  it("is one of two machines that claim at the same moment, whichever way", async () => {
    await left({ ...HERE, host_name: "long gone" }, 60_000);

    const claims = await Promise.allSettled([HERE, THERE].flatMap((here) => Array.from({ length: 5 }, () => claimStore(folder, { here }))));

    const owner = (await readOwner(folder)) as Owner;
    const winners = claims.map((claim) => (claim.status === "fulfilled" ? "in" : (claim.reason as Error).name));
    const won = isElsewhere(owner, HERE) ? winners.slice(5) : winners.slice(0, 5);
    const lost = isElsewhere(owner, HERE) ? winners.slice(0, 5) : winners.slice(5);
    expect([won, lost]).toEqual([Array(5).fill("in"), Array(5).fill("OwnedElsewhere")]);
    for (const claim of claims) if (claim.status === "fulfilled") await claim.value[Symbol.asyncDispose]();
  });

  it("does not take the file away that another process in sight has put there", async () => {
    const owner = await left(HERE, 1_000);

    const ownership = await claimStore(folder, { here: HERE });
    await ownership[Symbol.asyncDispose](); // it did not get the lock

    const standing = await readOwner(folder);
    expect(standing).toMatchObject({ ...owner, renewed_at: expect.any(String) as string });
    expect(Date.parse(standing?.renewed_at ?? "")).toBeGreaterThan(Date.parse(owner.renewed_at));
  });

  it("hears that it has lost the store, and leaves the new owner's file alone", async () => {
    const ownership = await claimStore(folder, { here: HERE, renewMs: 5 });

    const taker = await left(THERE, 0);

    expect(await ownership.lost).toEqual(taker);
    await ownership[Symbol.asyncDispose]();
    expect(await readOwner(folder)).toEqual(taker);
  });

  it("goes on when renewing goes wrong, and tells of it once until it has gone right again", async () => {
    const told: unknown[] = [];
    let tell: () => void = () => undefined;
    const troubled = new Promise<void>((resolve) => (tell = resolve));
    const onTrouble = (cause: unknown): void => {
      told.push(cause);
      tell();
    };
    const ownership = await claimStore(folder, { here: HERE, renewMs: 5, onTrouble });

    await rename(folder, `${folder} moved`);
    await troubled;
    await ownership.announce({ host: "127.0.0.1", port: 38_002 });
    await ownership.announce({ host: "127.0.0.1", port: 38_003 });
    await rename(`${folder} moved`, folder);
    await ownership.announce({ host: "127.0.0.1", port: 38_004 });

    expect(told).toHaveLength(1);
    expect(await readOwner(folder)).toMatchObject({ address: { port: 38_004 } });
    await ownership[Symbol.asyncDispose]();
  });

  it("is not claimed where nothing can be written", async () => {
    await chmod(folder, 0o555);

    const claimed = await asOrdinaryUser([], () => claimStore(folder, { here: HERE }).catch((fault: unknown) => fault));
    await chmod(folder, 0o755);

    expect(claimed).toMatchObject({ name: "StoreWriteFailed", message: expect.stringContaining(`${path()} cannot be written`) as string });
  });
});

it("says in one sentence who owns a store and how to get to it", () => {
  const owner = { ...THERE, pid: 77, renewed_at: new Date(0).toISOString() };

  expect(new OwnedElsewhere({ ...owner, address: { host: "::1", port: 38_001 } }).message).toBe(
    "the sidecar of container (process 77, in another container, virtual machine or network) owns this store and is not reachable from here at [::1]:38001: " +
      "run your client there, or share its network (for docker `--network host`), or stop it there with `signalbox stop`",
  );
  expect(new OwnedElsewhere(owner).message).toContain("owns this store and has not said yet where it answers: run your client there");
});

it("knows this process's own surroundings", async () => {
  const [one, other] = [await surroundings(), await surroundings()];

  expect(isElsewhere(one, other)).toBe(false);
  expect(one.host_name.length).toBeGreaterThan(0);
  expect(one.pid_namespace ?? "none").toMatch(process.platform === "linux" ? /^pid:\[\d+\]$/ : /^none$/);
});
