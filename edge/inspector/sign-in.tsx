import { useState } from "preact/hooks";

interface SignInProps {
  /** Why the last token was refused. */
  readonly reason: string;
  readonly onenter: (token: string) => void;
}

export function SignIn({ reason, onenter }: SignInProps) {
  const [token, setToken] = useState("");
  return (
    <main class="sign-in">
      <h1>Inspector</h1>
      <p>
        This page takes an inspector's token: <code>redbutton inspect --link</code> prints its address with one.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onenter(token.trim());
        }}
      >
        <label>
          Token
          <input value={token} onInput={(event) => setToken(event.currentTarget.value)} autocomplete="off" required />
        </label>
        <button>Look</button>
      </form>
      {reason !== "" && (
        <p role="alert" class="error">
          {reason}
        </p>
      )}
    </main>
  );
}
