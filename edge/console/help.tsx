import { useLayoutEffect, useRef } from "preact/hooks";
import { BINDINGS, isHelpOpen } from "./keys.ts";

/** The keys of the console. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  // Not after the next frame: a dialog that closes gives the focus back, and would take it from where the next key put it.
  useLayoutEffect(() => {
    if (isHelpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isHelpOpen.value]);
  return (
    <>
      <button type="button" class="quiet help" onClick={() => (isHelpOpen.value = true)}>
        Keys: ?
      </button>
      <dialog ref={dialog} aria-label="Keys" onClose={() => (isHelpOpen.value = false)}>
        <dl>
          {BINDINGS.map(({ shown, what }) => (
            <div key={shown}>
              <dt>
                <kbd>{shown}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <button type="button" class="primary" onClick={() => (isHelpOpen.value = false)}>
          Close
        </button>
      </dialog>
    </>
  );
}
