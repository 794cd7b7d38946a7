import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { brokerStore } from "./broker-store.ts";
import { NoStoreFolder } from "./store-folder.ts";
import { scratchFolder } from "./scratch.test.fixture.ts";

it("keeps the log where it was told and the rest in a folder beside it, the same each time", async () => {
  await using scratch = await scratchFolder();
  const db = join(scratch.folder, "new", "peerbus.db");

  const store = await brokerStore(db);
  const again = await brokerStore(db);

  expect(store).toMatchObject({ logPath: db, folder: `${db}.d` });
  expect(again.identity.store_id).toBe(store.identity.store_id);
  expect(await readdir(join(scratch.folder, "new"))).toEqual(["peerbus.db.d"]);
});

it("lets two brokers have their files in one place", async () => {
  await using scratch = await scratchFolder();

  const [one, two] = await Promise.all(["one.db", "two.db"].map((name) => brokerStore(join(scratch.folder, name))));

  expect(one?.identity.store_id).not.toBe(two?.identity.store_id);
});

it("says where it cannot be", async () => {
  await using scratch = await scratchFolder();
  await writeFile(join(scratch.folder, "file"), "");

  await expect(brokerStore(join(scratch.folder, "file", "peerbus.db"))).rejects.toThrow(NoStoreFolder);
});
