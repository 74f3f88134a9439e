import type { ReceiverBody } from "../../edge/answers.ts";
import { pause, type Edges } from "./edges.ts";
import { ask } from "./request.ts";
import { keep, load } from "./storage.ts";

/** A token is renewed in its last half day; a new one would make this set another receiver, which votes again. */
var RENEW_MS = 12 * 3600 * 1000;

type KeptToken = Pick<ReceiverBody, "token" | "expires_at">;

/** Who this receiver is: a token, the same for as long as an edge takes it. */
export interface Account {
  /** Calls `done` once there is a token. */
  withToken(done: (token: string) => void): void;
  /** An edge does not take the token any more. */
  readonly forget: () => void;
  /** By an edge's time: a set's own clock may be years off. */
  readonly renew: (time: number) => void;
}

export function createAccount(edges: Edges): Account {
  var kept = load<KeptToken>("token");
  var waiting: ((token: string) => void)[] = [];

  function get(): void {
    ask(edges, { method: "POST", path: "/v1/receivers" }, (answer) => {
      if (answer.status !== 201) {
        setTimeout(get, pause(edges.failures(), answer.retryAfterS));
        return;
      }
      var token = take(answer.body as ReceiverBody);
      var served = waiting;
      waiting = [];
      for (var i = 0; i < served.length; i++) served[i]!(token);
    });
  }

  function take(body: ReceiverBody): string {
    kept = { token: body.token, expires_at: body.expires_at };
    keep("token", kept);
    return kept.token;
  }

  return {
    withToken: (done) => {
      if (kept) return done(kept.token);
      // All wait for one: two tokens would be two receivers.
      waiting.push(done);
      if (waiting.length === 1) get();
    },
    forget: () => {
      kept = undefined;
      keep("token", null);
    },
    renew: (time) => {
      if (!kept || time < kept.expires_at - RENEW_MS) return;
      // The old token in hand, the new one is for the same receiver.
      ask(edges, { method: "POST", path: "/v1/receivers", token: kept.token }, (answer) => {
        if (answer.status === 201) take(answer.body as ReceiverBody);
      });
    },
  };
}
