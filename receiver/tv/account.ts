import type { ReceiverBody } from "../../edge/answers.ts";
import { pause, type Edges } from "./edges.ts";
import { ask, type Answer } from "./request.ts";
import { keep, load } from "./storage.ts";

/** A token is renewed in its last half day; a new one would make this set another receiver, which votes again. */
var RENEW_MS = 12 * 3600 * 1000;

type KeptToken = Pick<ReceiverBody, "token" | "expires_at" | "signed">;

/** Who this receiver is: a token, the same for as long as an edge takes it. */
export interface Account {
  /** Calls `done` once there is a token. */
  withToken(done: (token: string) => void): void;
  /** The broadcaster vouches for this receiver: it may buy. */
  readonly isSigned: () => boolean;
  /** An edge does not take the token any more. */
  readonly forget: () => void;
  /** By an edge's time: a set's own clock may be years off. */
  readonly renew: (time: number) => void;
}

/** `given`: the broadcaster's token, which an edge takes in exchange for ours. */
export function createAccount(edges: Edges, given: string | undefined): Account {
  var kept = load<KeptToken>("token");
  var shown = given;
  var waiting: ((token: string) => void)[] = [];

  function get(): void {
    ask(edges, { method: "POST", path: "/v1/receivers", token: shown }, (answer) => {
      if (answer.status === 201) return serve(take(answer.body as ReceiverBody));
      if (shown !== undefined && isRefused(answer)) {
        // An old address, most likely: this set stays who it was.
        shown = undefined;
        return kept ? serve(kept.token) : get();
      }
      setTimeout(get, pause(edges.failures(), answer.retryAfterS));
    });
  }

  function take(body: ReceiverBody): string {
    shown = undefined;
    kept = { token: body.token, expires_at: body.expires_at, signed: body.signed };
    keep("token", kept);
    return kept.token;
  }

  function serve(token: string): void {
    var served = waiting;
    waiting = [];
    for (var i = 0; i < served.length; i++) served[i]!(token);
  }

  return {
    withToken: (done) => {
      if (kept && shown === undefined) return done(kept.token);
      // All wait for one: two tokens would be two receivers.
      waiting.push(done);
      if (waiting.length === 1) get();
    },
    isSigned: () => kept !== undefined && kept.signed,
    forget: () => {
      kept = undefined;
      keep("token", null);
    },
    renew: (time) => {
      // One that is vouched for is good for as long as the broadcaster said, and no longer.
      if (!kept || kept.signed || time < kept.expires_at - RENEW_MS) return;
      // The old token in hand, the new one is for the same receiver.
      ask(edges, { method: "POST", path: "/v1/receivers", token: kept.token }, (answer) => {
        if (answer.status === 201) take(answer.body as ReceiverBody);
      });
    },
  };
}

function isRefused(answer: Answer): boolean {
  return answer.status === 401 || answer.status === 403;
}
