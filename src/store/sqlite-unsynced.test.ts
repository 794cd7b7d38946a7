import { expect, it } from "vitest";
import type { StreamId } from "../wire/ids.ts";
import { breakSync } from "./break-sync.test.fixture.ts";
import { StoreUnavailable } from "./errors.ts";
import { collect, recordsBehind } from "./records.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";
import { openSqliteStore } from "./sqlite.ts";

const [ana, bo, cy, dee] = ["ana/session", "bo/session", "cy/session", "dee/session"] as [StreamId, StreamId, StreamId, StreamId];
const newLog = scratchLogs();

it.runIf(process.platform === "linux")(
  "a lone commit whose disk did not take its sync is not said to be undone: a kill may bring it back",
  async () => {
    const path = await newLog();
    const unsynced: StoreUnavailable[] = [];
    const store = await openSqliteStore({ path, onUnsynced: (fault) => unsynced.push(fault) });
    await store.append(ana, 0, recordsBehind(0, 1));
    breakSync(path);

    await expect(store.append(ana, 1, recordsBehind(1, 1))).rejects.toMatchObject({ name: "StoreUnsynced" });

    expect(unsynced).toHaveLength(1);
    await expect(store.append(bo, 0, recordsBehind(0, 1))).rejects.toThrow(/start the sidecar again/);
    await store.close();
    await using again = await openSqliteStore({ path });
    expect(await collect(again.read(ana, 0))).toEqual(recordsBehind(0, 1));
  },
);

it.runIf(process.platform === "linux")("a probe whose disk did not take its sync tells that the log takes nothing more", async () => {
  const path = await newLog();
  const unsynced: StoreUnavailable[] = [];
  await using store = await openSqliteStore({ path, onUnsynced: (fault) => unsynced.push(fault) });
  breakSync(path);

  await expect(store.probe()).rejects.toMatchObject({ name: "StoreUnsynced" });

  expect(unsynced).toHaveLength(1);
});

it.runIf(process.platform === "linux")(
  "a log whose disk did not take a sync acknowledges nothing of it, takes nothing more, and is whole when it is opened again",
  async () => {
    const path = await newLog();
    const unsynced: StoreUnavailable[] = [];
    const store = await openSqliteStore({ path, onUnsynced: (fault) => unsynced.push(fault) });
    const appendToAll = (head: number) => [ana, bo, cy, dee].map((stream) => store.append(stream, head, recordsBehind(head, 1)));
    await Promise.all(appendToAll(0));
    breakSync(path);

    const outcomes = await Promise.allSettled(appendToAll(1));

    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: { name: "StoreUnsynced" } });
    expect(unsynced).toHaveLength(1);
    await expect(store.append(bo, 1, recordsBehind(1, 1))).rejects.toThrow(/start the sidecar again/);
    await expect(store.probe()).rejects.toThrow(StoreUnavailable);
    expect(await collect(store.read(ana, 0))).toEqual(recordsBehind(0, 1));
    await store.close();

    await using again = await openSqliteStore({ path });
    const [{ head } = { head: 0 }] = await again.streams();
    expect(await collect(again.read(ana, 0))).toEqual(recordsBehind(0, head));
    expect(await again.append(ana, head, recordsBehind(head, 1))).toBe(head + 1);
  },
);
