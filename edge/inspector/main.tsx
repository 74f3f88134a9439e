/*
 * The view into every replica: asks the edge that it came from, which asks all others.
 *
 *     /inspect/?show=SHOW#token=TOKEN        token: an inspector's, as `redbutton inspect --link` prints it
 */
import "./inspector.css";
import { render } from "preact";
import { App } from "./app.tsx";

render(<App />, document.getElementById("inspector")!);
