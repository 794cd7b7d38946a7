/**
 * Being told that git did something to a worktree: a commit, a checkout, `git add`, another rule of what is ignored.
 *
 * Watched are the directories in which HEAD, the index, their logs, the branch and the exclude file stand. They come and go,
 * so they are watched anew before each look.
 */
import { posix, relative, sep } from "node:path";
import { ancestry, type DirectoryChange, type DirectoryWatchOptions, watchDirectories } from "./directory-watch.ts";
import type { Worktree } from "./worktrees.ts";

export interface GitDirectoriesOptions extends Pick<DirectoryWatchOptions, "onLost" | "watch" | "platform"> {
  readonly onTouched: () => void;
  /** What is ignored may be other than before. */
  readonly onRules: () => void;
}

export interface GitDirectories extends Disposable {
  /**
   * @param branch - the one that is checked out, as far as it is known
   * @throws NoWatchesLeft
   */
  renew(branch: string | undefined): void;
  clear(): void;
}

export function watchGitDirectories({ commonDir, gitDir }: Worktree, options: GitDirectoriesOptions): GitDirectories {
  const { onTouched, onRules, ...others } = options;
  const own = relative(commonDir, gitDir).replaceAll(sep, "/");
  const directories = [own, posix.join(own, "logs"), posix.join(own, "reftable"), "info", "reftable"];
  const watchNone = () => watchDirectories(commonDir, { onChange, ...others });
  let watch = watchNone();

  function onChange({ directory, path }: DirectoryChange): void {
    const name = path === undefined ? undefined : posix.basename(path);
    if (name?.endsWith(".lock")) return; // it is renamed when it is done
    if (name === undefined || name === "exclude" || (name === "HEAD" && directory === own)) onRules();
    onTouched();
  }

  return {
    renew(branch) {
      // The folders of a branch are removed when its commit is packed, and made again.
      const ofBranch = branch === undefined ? [] : ancestry(`refs/heads/${branch}`).slice(1, -2);
      const before = watch;
      watch = watchNone();
      for (const directory of [...directories, ...ofBranch]) watch.add(directory);
      before[Symbol.dispose](); // not earlier: it may hold what was not told yet
    },
    clear: () => watch.clear(),
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}
