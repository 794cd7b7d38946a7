/** A browser without a window, where one is installed (Debian's package `chromium`). */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

async function browserHere(): Promise<string> {
  for (const path of PLACES) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new Error(`none of ${PLACES.join(", ")} is there`);
}

/**
 * Why no browser can be tried here, or undefined when one can.
 *
 * @throws Error on a build machine: there a test that is skipped is no test
 */
export async function whyNoBrowser(): Promise<string | undefined> {
  try {
    await run(await browserHere(), ["--version"]);
    return undefined;
  } catch (cause) {
    const why = `chromium is not installed here (apt-get install chromium): ${cause instanceof Error ? cause.message : String(cause)}`;
    if (process.env["CI"] === "true") throw new Error(why, { cause });
    return why;
  }
}

/** Sandboxes of its own a browser has only where it may make them, and root may not. */
export async function openBrowser(args: readonly string[] = []): Promise<Browser & AsyncDisposable> {
  const browser = await chromium.launch({
    executablePath: await browserHere(),
    args: ["--disable-dev-shm-usage", ...args, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}
