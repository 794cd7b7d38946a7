/** Whoever read us, `head` perhaps, has read enough. A command still does its work, and cleans up behind itself. */
export function passOverBrokenPipe(fault: NodeJS.ErrnoException): void {
  if (fault.code !== "EPIPE") throw fault;
}
