import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { newToken, publishDiscovery } from "../git/discovery-file.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { locateStore } from "../git/store-folder.ts";
import { CONTROL } from "../wire/versions.ts";
import { findSidecar, type StoreOf } from "./find-sidecar.ts";

/** Something that says it is the sidecar of that store, and remembers what it was shown. */
async function claimant(storeId: string) {
  const shown: (string | undefined)[] = [];
  const health = {
    status: "ok",
    store_id: storeId,
    workspace: "/w",
    session_id: "s",
    version: "0.1.0",
    control: CONTROL,
    format: 1,
    pid: 7,
    boot_id: "b",
    uri: "",
    clients: 0,
    durability: "on the disk",
  };
  const server = createServer((request, response) => {
    shown.push(request.headers.authorization);
    response.end(JSON.stringify(health));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    shown,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A store whose sidecar, process 7, has left its discovery file. */
async function storeOf(leftAt: (store: StoreOf) => Promise<{ readonly port: number }>) {
  const scratch = await scratchFolder();
  const store = await locateStore(await scratch.find(await scratch.repository("repo")), { env: scratch.env });
  const token = newToken();
  const discovery = {
    store_id: store.identity.store_id,
    host: "127.0.0.1",
    port: (await leftAt(store)).port,
    pid: 7,
    boot_id: "b",
    version: "0.1.0",
    control: CONTROL,
    token,
    started_at: new Date().toISOString(),
    workspace: "/w",
  };
  await publishDiscovery(store, discovery, scratch.env);
  return { scratch, store, token, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
}

describe("the token of a discovery file", () => {
  it("is shown to the address in the file, and given to whoever found it there", async () => {
    let sidecar: Awaited<ReturnType<typeof claimant>> | undefined;
    await using at = await storeOf(async ({ identity }) => (sidecar = await claimant(identity.store_id)));
    await using running = sidecar;

    const found = await findSidecar(at.store, at.scratch.env);

    expect(found?.token).toBe(at.token);
    expect(running?.shown).toEqual([`Bearer ${at.token}`]);
  });

  it("is given for the address that the user named, when that very sidecar answers there", async () => {
    await using at = await storeOf(() => Promise.resolve({ port: 9 }));
    await using running = await claimant(at.store.identity.store_id);

    const found = await findSidecar(at.store, { ...at.scratch.env, MPAC_SIDECAR_PORT: String(running.port) });

    expect(found?.token).toBe(at.token);
    expect(running.shown).toEqual([undefined]);
  });

  it("is kept from whoever listens on the derived port and says that it is the sidecar", async () => {
    await using at = await storeOf(() => Promise.resolve({ port: 9 }));
    await using stranger = await claimant(at.store.identity.store_id);
    const store = { ...at.store, identity: { ...at.store.identity, port: stranger.port } };

    const found = await findSidecar(store, at.scratch.env);

    expect(found?.uri).toContain(`:${stranger.port}/`);
    expect(found?.token).toBeUndefined();
    expect(stranger.shown).toEqual([undefined]);
  });
});
