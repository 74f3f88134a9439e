import type { SellingAnswer } from "../selling-answers.ts";
import { bodyOf } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { HoldButton } from "./hold-button.tsx";
import { timeText } from "./numbers.ts";

interface StuckOrdersProps {
  readonly desk: Desk;
  readonly show: string;
  readonly selling: SellingAnswer;
}

/** Dead letters: what the order processor cannot bring to an end, and a person has to decide. */
export function StuckOrders({ desk, show, selling }: StuckOrdersProps) {
  return (
    <section class="stuck" aria-labelledby="stuck-title">
      <h3 id="stuck-title">{selling.stuck.length === 1 ? "1 order is" : `${selling.stuck.length} orders are`} stuck</h3>
      <ul class="items">
        {selling.stuck.map((stuck) => (
          <Stuck key={stuck.order} desk={desk} show={show} stuck={stuck} title={titleOf(selling, stuck.product)} />
        ))}
      </ul>
    </section>
  );
}

interface StuckProps {
  readonly desk: Desk;
  readonly show: string;
  readonly stuck: SellingAnswer["stuck"][number];
  readonly title: string;
}

function Stuck({ desk, show, stuck: { order, quantity, reason, at, decision }, title }: StuckProps) {
  const decide = (word: "cancel" | "retry", what: string) =>
    void desk.sell(`Order ${shortName(order)}: ${what}`, ({ v1 }) =>
      bodyOf(v1.shows[":show"].decisions[":order"].$post({ param: { show, order }, json: { decision: word } })),
    );
  const mayNot = { disabled: !desk.may("producer"), why: "This takes the role producer" };
  return (
    <li>
      <span class="name">
        {quantity} × {title}
        <small title={order}>
          Order {shortName(order)} since {timeText(at)}
        </small>
      </span>
      <span class="distance">{REASONS[reason] ?? reason}</span>
      {decision && <span class="distance">Decided: {decision === "retry" ? "try again" : "cancel"} …</span>}
      <HoldButton class="small" {...mayNot} onconfirm={() => decide("retry", "the provider is asked again")}>
        Try again
      </HoldButton>
      <HoldButton class="small danger" {...mayNot} onconfirm={() => decide("cancel", "cancelled, its money goes back")}>
        Cancel, give money back
      </HoldButton>
    </li>
  );
}

/** Why an order is stuck, by the order processor's slug. */
const REASONS: Readonly<Record<string, string>> = {
  "no-answer": "The provider has not answered for too long",
  "amount-differs": "The provider took another amount",
  unreadable: "No key of the order processor opens its details",
};

/** What the viewer's screen shows of an order's id. */
function shortName(order: string): string {
  return order.slice(0, 8).toUpperCase();
}

function titleOf({ products }: SellingAnswer, id: string): string {
  return products.find((product) => product.id === id)?.title ?? id;
}
