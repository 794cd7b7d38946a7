import { describe } from "vitest";
import { memoryStore } from "./memory.ts";
import { storeContract } from "./store.contract.ts";

describe("memory store", () => {
  storeContract(
    () => Promise.resolve(memoryStore()),
    (hash, bytes) => Promise.resolve(memoryStore(new Map([[hash, bytes]]))),
  );
});
