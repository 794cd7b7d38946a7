/** What a fault of the SQLite engine means to whoever uses the store, in the words of either driver. */
import { StoreCorrupt, StoreHeld, StoreUnavailable } from "./errors.ts";

/** SQLite's primary result codes that are told apart; all others are `OTHER`. */
type ResultCode = "ERROR" | "BUSY" | "IOERR" | "CORRUPT" | "FULL" | "CONSTRAINT" | "NOTADB" | "OTHER";

const BY_NUMBER = new Map<number, ResultCode>([
  [1, "ERROR"],
  [5, "BUSY"],
  [10, "IOERR"],
  [11, "CORRUPT"],
  [13, "FULL"],
  [19, "CONSTRAINT"],
  [26, "NOTADB"],
]);
const BY_NAME = new Map<string, ResultCode>([...BY_NUMBER.values()].map((code) => [code, code]));

/** The primary result code of an engine's error, undefined when the error is not the engine's. */
export function resultCode(error: unknown): ResultCode | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  if (error.code === "ERR_SQLITE_ERROR" && "errcode" in error) return BY_NUMBER.get(Number(error.errcode) & 0xff) ?? "OTHER";
  const [, name] = /^SQLITE_([A-Z]+)/.exec(error.code) ?? [];
  return name === undefined ? undefined : (BY_NAME.get(name) ?? "OTHER");
}

/** Whether the system did not take a sync (`SQLITE_IOERR_FSYNC`): what was written before it may be on the disk all the same. */
export function isUnsynced(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "SQLITE_IOERR_FSYNC" || (error.code === "ERR_SQLITE_ERROR" && "errcode" in error && error.errcode === 1_034);
}

/** The store's own fault for an engine's error. What is not the engine's comes back as it is. */
export function storeFault(path: string, error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const said = error instanceof Error ? error.message : String(error);
  switch (code) {
    case "CORRUPT":
    case "NOTADB":
    case "CONSTRAINT":
      return new StoreCorrupt(path, said, error);
    case "BUSY":
      return new StoreHeld(path, error);
    case "FULL":
      return new StoreUnavailable(`there is no room for the log ${path}: ${said}`, error);
    case "ERROR":
    case "IOERR":
    case "OTHER":
      return new StoreUnavailable(`the log ${path} is out of reach: ${said}`, error);
  }
}
