/*
 * The producer's console:
 *
 *     /console/#token=TOKEN        token: a viewer's, an operator's or a producer's; `?show=ID` begins with that show
 */
import "./console.css";
import { render } from "preact";
import { Console } from "./console.tsx";
import { Desk } from "./desk.ts";
import { listenToKeys } from "./keys.ts";
import { takePass } from "./kept-pass.ts";
import { mayAct, type Pass } from "./pass.ts";
import { SignIn } from "./sign-in.tsx";

const host = document.getElementById("console")!;

function enter(pass: Pass): void {
  const desk = new Desk(pass);
  listenToKeys(desk);
  render(<Console desk={desk} />, host);
}

const pass = takePass();
if (pass && mayAct(pass, "viewer") && pass.expiresAt > Date.now()) enter(pass);
else render(<SignIn given={pass} onpass={enter} />, host);
