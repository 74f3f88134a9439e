import { useEffect, useState } from "preact/hooks";
import { ask, type Asked, type Params } from "./ask.ts";

/**
 * Asks for a view and goes on asking, `everyMs` after each answer, while the page is looked at: a tab in the background
 * asks nothing. `everyMs` 0 asks once; a view that is undefined is not asked for.
 */
export function useReport(view: string | undefined, params: Params, token: string, everyMs: number): Asked | undefined {
  const [asked, setAsked] = useState<Asked>();
  const key = JSON.stringify([view, params, token, everyMs]);
  useEffect(() => {
    setAsked(undefined);
    if (view === undefined) return undefined;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.hidden) return;
      const answer = await ask(view, params, token, abort.signal);
      if (abort.signal.aborted) return;
      setAsked(answer);
      if (everyMs > 0 && answer.is !== "refused") timer = setTimeout(() => void look(), everyMs);
    };
    const onvisible = (): void => void look();
    document.addEventListener("visibilitychange", onvisible);
    void look();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onvisible);
    };
  }, [key]);
  return asked;
}
