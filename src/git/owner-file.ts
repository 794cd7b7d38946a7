/**
 * `owner.json`: who owns a log, for processes that the lock on the log may not keep out.
 *
 * SQLite's lock reaches every process of one kernel that has the file on one file system. It does not reach another virtual
 * machine, and says to nobody in another container whom to ask. So the owner writes where it is before it opens the log and
 * renews that every 5 s; a process from elsewhere that finds it fresh leaves the log alone. Among processes that can see each
 * other it decides nothing: there the lock does.
 */
import { randomBytes } from "node:crypto";
import { open, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Owner, type Surroundings } from "../wire/owner.ts";
import { createOnce } from "./create-once.ts";
import { errnoOf } from "./errno.ts";
import { OwnedElsewhere } from "./owned-elsewhere.ts";
import { replacePrivate } from "./private-file.ts";
import { removeExactly } from "./remove-exactly.ts";
import { StoreWriteFailed } from "./store-write-failed.ts";
import { isElsewhere, surroundings } from "./surroundings.ts";

const OWNER_FILE = "owner.json";

/** Milliseconds between two renewals. */
const RENEW_MS = 5_000;

/** An owner that has not renewed for so many milliseconds is gone. */
const FRESH_MS = 20_000;

/** How often the file is judged again when others change it meanwhile. */
const MAX_TRIES = 10;

export interface Ownership extends AsyncDisposable {
  /** Tells where the owner answers. */
  announce(address: NonNullable<Owner["address"]>): Promise<void>;
  /**
   * Resolves when a process from elsewhere has taken the store, which it does after 20 s without a renewal: this process
   * must not touch the log any more.
   */
  readonly lost: Promise<Owner>;
}

export interface ClaimOptions {
  /** Where this process is; another place in tests. */
  readonly here?: Surroundings;
  readonly renewMs?: number;
  /** Told once for each time that renewing begins to go wrong. It goes on all the same. */
  readonly onTrouble?: (cause: unknown) => void;
}

interface Standing {
  readonly text: string;
  /** Undefined when the text says nothing. */
  readonly owner: Owner | undefined;
}

/** The living owner of the store in `folder` that is out of this process's sight, as far as its file says. */
export async function ownerElsewhere(folder: string, here?: Surroundings): Promise<Owner | undefined> {
  const owner = await readOwner(folder);
  if (owner === undefined || !isElsewhere(owner, here ?? (await surroundings()))) return undefined;
  return (await isFresh(folder, owner)) ? owner : undefined;
}

/** What the last owner has left, living or not. */
export async function readOwner(folder: string): Promise<Owner | undefined> {
  return (await readStanding(join(folder, OWNER_FILE)).catch(() => undefined))?.owner;
}

/**
 * Makes this process the owner, before it opens the log. Disposing takes the file away when it is still its own, and may be
 * done twice.
 *
 * @throws OwnedElsewhere, StoreWriteFailed
 */
export async function claimStore(folder: string, options: ClaimOptions = {}): Promise<Ownership> {
  const { here = await surroundings(), renewMs = RENEW_MS, onTrouble = () => undefined } = options;
  const path = join(folder, OWNER_FILE);
  let address: Owner["address"];
  const textNow = (): string =>
    textOf({ ...here, pid: process.pid, ...(address === undefined ? {} : { address }), renewed_at: new Date().toISOString() });

  let ours: string | undefined = await begin(folder, here, textNow());
  let lose: (owner: Owner) => void = () => undefined;
  const lost = new Promise<Owner>((resolve) => (lose = resolve));
  let isTroubled = false;
  let isOver = false;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const owner = await readOwner(folder);
    if (isOver) return;
    if (owner !== undefined && isElsewhere(owner, here)) return lose(owner);
    const text = textNow();
    await replacePrivate(path, text);
    ours = text;
    isTroubled = false;
  }

  /** One after the other, so that the last one written is the last one that was meant. */
  function renew(): Promise<void> {
    writing = writing.then(write).catch((cause: unknown) => {
      if (!isTroubled) onTrouble(cause);
      isTroubled = true;
    });
    return writing;
  }

  const timer = setInterval(() => void renew(), renewMs);
  timer.unref();
  return {
    lost,
    announce(at) {
      address = at;
      return renew();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      isOver = true;
      await writing;
      if (ours !== undefined) await removeExactly(path, ours).catch(onTrouble);
      ours = undefined;
    },
  };
}

/**
 * Puts `text` where the last owner's was. What a process in sight has left fresh is renewed in its name and stays its own:
 * whether it lives is for the lock to say, and until then nobody from elsewhere comes in.
 *
 * @returns what was written as our own, undefined when another's stands
 */
async function begin(folder: string, here: Surroundings, text: string): Promise<string | undefined> {
  const path = join(folder, OWNER_FILE);
  try {
    for (let left = MAX_TRIES; left > 0; left -= 1) {
      const standing = await readStanding(path);
      if (standing?.owner !== undefined && (await isFresh(folder, standing.owner))) {
        if (isElsewhere(standing.owner, here)) throw new OwnedElsewhere(standing.owner);
        await replacePrivate(path, textOf({ ...standing.owner, renewed_at: new Date().toISOString() }));
        return undefined;
      }
      if (standing !== undefined) await removeExactly(path, standing.text);
      if ((await createOnce(path, text)) === text) return text;
    }
  } catch (cause) {
    if (cause instanceof OwnedElsewhere || cause instanceof StoreWriteFailed) throw cause;
    throw new StoreWriteFailed(path, cause);
  }
  throw new StoreWriteFailed(path, new Error("other processes write it all the time"));
}

/**
 * Whether the owner renewed within 20 s, by its own word or by the stamp of its file. The stamp is compared with that of a
 * file written now, because two machines may disagree about the time and the file system stamps for both. A difference in
 * the other direction counts the same: after a clock was set back nothing may stand for ever.
 */
async function isFresh(folder: string, owner: Owner): Promise<boolean> {
  if (isWithin(Date.parse(owner.renewed_at) - Date.now())) return true;
  const stamped = await stat(join(folder, OWNER_FILE)).catch(() => undefined);
  return stamped !== undefined && isWithin(stamped.mtimeMs - (await stampOfNow(folder)));
}

function isWithin(differenceMs: number): boolean {
  return Math.abs(differenceMs) < FRESH_MS;
}

/** What the folder's file system takes for the present, in milliseconds since 1970; our own clock where we may not write. */
async function stampOfNow(folder: string): Promise<number> {
  const probe = join(folder, `.probe-${randomBytes(6).toString("hex")}`);
  try {
    const file = await open(probe, "wx", 0o600);
    try {
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
    }
  } catch {
    return Date.now();
  } finally {
    await unlink(probe).catch(() => undefined);
  }
}

async function readStanding(path: string): Promise<Standing | undefined> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw cause;
  });
  return text === undefined ? undefined : { text, owner: parse(text) };
}

function parse(text: string): Owner | undefined {
  try {
    return Owner.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function textOf(owner: Owner): string {
  return `${JSON.stringify(owner)}\n`;
}
