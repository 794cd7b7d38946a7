/** An event as it goes over the wire. Ids and data are ours, and have no line break. */
export interface McpServerEvent {
  readonly id?: string | undefined;
  /** How long its client is to wait before it comes back, in milliseconds. */
  readonly retry?: number | undefined;
  readonly data: string;
}

export function eventText({ id, retry, data }: McpServerEvent): string {
  // Without a name where nothing is said: an empty event only tells where to go on.
  const name = data === "" ? "" : "event: message\n";
  return `${name}${id === undefined ? "" : `id: ${id}\n`}${retry === undefined ? "" : `retry: ${retry}\n`}data: ${data}\n\n`;
}
