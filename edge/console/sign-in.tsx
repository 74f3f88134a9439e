import { useState } from "preact/hooks";
import { typed } from "./form.ts";
import { keepPass } from "./kept-pass.ts";
import { mayAct, type Pass } from "./pass.ts";

/** Asks for a token where the address brought none that opens the console. */
export function SignIn({ given, onpass }: { readonly given: Pass | undefined; readonly onpass: (pass: Pass) => void }) {
  const [fault, setFault] = useState(given && faultOf(given));
  const enter = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const pass = keepPass(typed(form, "token"));
    const wrong = faultOf(pass);
    if (wrong || !pass) setFault(wrong);
    else onpass(pass);
  };
  return (
    <main class="sign-in">
      <h1>Redbutton console</h1>
      <p>
        It opens with an operator's token: <code>redbutton token --role producer --name YOU</code>, or the link that{" "}
        <code>redbutton up</code> prints.
      </p>
      <form onSubmit={enter}>
        <label>
          Token
          <input name="token" type="password" autocomplete="off" required autofocus />
        </label>
        <button type="submit" class="primary">
          Open
        </button>
      </form>
      <p class="fault" role="alert">
        {fault}
      </p>
    </main>
  );
}

function faultOf(pass: Pass | undefined): string | undefined {
  if (!pass) return "This is no operator's token.";
  if (pass.expiresAt <= Date.now()) return `The token of "${pass.name}" has expired.`;
  if (!mayAct(pass, "viewer"))
    return `The token has the role ${pass.role}; the console takes viewer, operator or producer.`;
  return undefined;
}
