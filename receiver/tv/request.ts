import type { Edges } from "./edges.ts";
import { attempt } from "./storage.ts";

/** How long an edge may take to answer, ms; then it counts as gone. */
export var ANSWER_TIMEOUT_MS = 4000;

/** What an edge answered. */
export interface Answer {
  /** 0 where no edge answered. */
  readonly status: number;
  /** Of whatever form it was: whoever reads it says which. */
  readonly body: unknown;
  readonly retryAfterS: number;
}

export interface Asking {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
}

/** Asks the edge in use, which is told how that went. */
export function ask(edges: Edges, asking: Asking, done: (answer: Answer) => void): void {
  askAt(edges.current(), asking, (answer) => {
    if (answer.status === 0 || answer.status >= 500) edges.failed();
    else edges.answered();
    done(answer);
  });
}

export function askAt(address: string, asking: Asking, done: (answer: Answer) => void): void {
  var xhr = new XMLHttpRequest();
  var isDone = false;
  xhr.open(asking.method, address + asking.path, true);
  xhr.timeout = ANSWER_TIMEOUT_MS;
  if (asking.token) xhr.setRequestHeader("Authorization", `Bearer ${asking.token}`);
  if (asking.body) xhr.setRequestHeader("Content-Type", "application/json");
  // Not `onloadend`: sets of 2012 have none.
  xhr.onreadystatechange = () => {
    if (xhr.readyState !== 4 || isDone) return;
    isDone = true;
    var body = attempt(() => JSON.parse(xhr.responseText) as unknown) || {};
    // Only refusals have one, and let other origins read it.
    var wait = xhr.status >= 400 && Number(attempt(() => xhr.getResponseHeader("Retry-After")));
    done({ status: xhr.status, body, retryAfterS: wait || 0 });
  };
  xhr.send(asking.body ? JSON.stringify(asking.body) : null);
}
