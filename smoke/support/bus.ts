/** The bus of a sidecar as a program meets it that knows its address and nothing else. */
export interface BusAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Bus {
  get(path: string): Promise<BusAnswer>;
  post(path: string, body: object): Promise<BusAnswer>;
}

export function busAt(port: number): Bus {
  const ask = async (path: string, init: RequestInit): Promise<BusAnswer> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/bus${path}`, init);
    return { status: answer.status, body: (await answer.json()) as BusAnswer["body"] };
  };
  return {
    get: (path) => ask(path, {}),
    post: (path, body) => ask(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  };
}
