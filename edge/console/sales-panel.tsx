import type { ProductAnswer, SellingAnswer } from "../selling-answers.ts";
import { bodyOf } from "../client/client.ts";
import type { Desk } from "./desk.ts";
import { HoldButton } from "./hold-button.tsx";
import { grouped, moneyText } from "./numbers.ts";
import { ordersPerSecond } from "./order-rate.ts";
import type { PanelProps } from "./side-tabs.tsx";
import { StuckOrders } from "./stuck-orders.tsx";

/** How selling goes: orders, the stock of each product, and what waits for an operator. */
export function SalesPanel({ desk, picture }: PanelProps) {
  const selling = desk.selling.value;
  if (!selling || selling.products.length === 0) return <p class="none">This show sells nothing.</p>;
  return (
    <>
      <OrderFigures orders={selling.orders} perSecond={ordersPerSecond(desk.orderTotals.value)} />
      {selling.stuck.length > 0 && <StuckOrders desk={desk} show={picture.show.id} selling={selling} />}
      <ul class="items products">
        {selling.products.map((product) => (
          <Product key={product.id} desk={desk} show={picture.show.id} product={product} />
        ))}
      </ul>
    </>
  );
}

const STATES = ["received", "reserved", "confirmed", "rejected", "cancelled"] as const;

function OrderFigures({ orders, perSecond }: { readonly orders: SellingAnswer["orders"]; readonly perSecond: number }) {
  return (
    <dl class="order-figures">
      <div class="rate">
        <dt>orders/s</dt>
        <dd>{perSecond.toFixed(1)}</dd>
      </div>
      {STATES.map((state) => (
        <div key={state} class={state}>
          <dt>{state}</dt>
          <dd>{grouped(orders[state])}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ProductProps {
  readonly desk: Desk;
  readonly show: string;
  readonly product: ProductAnswer;
}

function Product({ desk, show, product }: ProductProps) {
  const { title, state, price, currency, stock, sales, confirmation } = product;
  const { left, reserved, confirmed } = sales ?? { left: stock, reserved: 0, confirmed: 0 };
  return (
    <li>
      <span class="name">
        {title}
        <small>
          {moneyText(price, currency)}
          {confirmation === "pin" && " · with PIN"}
        </small>
      </span>
      <span class={`state ${state}`}>{state}</span>
      <span class="distance">
        <progress value={left} max={Math.max(1, stock)} aria-label={`${title}: what is left`} />
        {left === 0 ? <b class="out">sold out</b> : `${grouped(left)} of ${grouped(stock)} left`} · {grouped(reserved)}{" "}
        reserved · {grouped(confirmed)} sold
        <small>{moneyText(confirmed * price, currency)} taken</small>
      </span>
      {state !== "withdrawn" && <SaleButton desk={desk} show={show} product={product} />}
    </li>
  );
}

function SaleButton({ desk, show, product: { id, title, state } }: ProductProps) {
  const isHidden = state === "hidden";
  const param = { show, product: id };
  const offer = () =>
    desk.sell(`On sale: ${title}`, ({ v1 }) => bodyOf(v1.shows[":show"].products[":product"].offer.$post({ param })));
  const withdraw = () =>
    desk.sell(`Off sale for good: ${title}`, ({ v1 }) =>
      bodyOf(v1.shows[":show"].products[":product"].withdraw.$post({ param })),
    );
  return (
    <HoldButton
      class={isHidden ? "small" : "small danger"}
      disabled={!desk.may("operator")}
      why="This takes the role operator"
      onconfirm={() => void (isHidden ? offer() : withdraw())}
    >
      {isHidden ? "Offer" : "Withdraw for good"}
    </HoldButton>
  );
}
