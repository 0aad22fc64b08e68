"""`syncctl map`: what SKUs, customers, payment methods, tax rates and states are called on the other side, without SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncctl.cli.database import own_store
from syncctl.cli.help import Falling
from syncctl.cli.orders import LARGEST_STORE_ID
from syncctl.cli.output import table
from syncctl.cli.run import Run, command
from syncctl.cli.told_statuses import require_told
from syncctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

app = typer.Typer(
    help="What the store's SKUs, customers, payment methods and tax rates, and the ERP's states, are called on the other side.",
    no_args_is_help=True,
)
item = typer.Typer(
    cls=Falling,
    help="Which item of the ERP a SKU is: `map item SKU ITEM_NO`, `map item list`, `map item remove SKU`.",
    no_args_is_help=True,
)
customer = typer.Typer(
    cls=Falling,
    help="Which customer of the ERP a customer of the store is: `map customer WHO CUST_NO`, `map customer list`, "
    "`map customer remove WHO`.",
    no_args_is_help=True,
)
status = typer.Typer(
    cls=Falling,
    help="What a document's state in the ERP is called in the store: `map status ERP_STATUS STORE_STATUS`, `map status list`, "
    "`map status remove ERP_STATUS`.",
    no_args_is_help=True,
)
pay = typer.Typer(
    cls=Falling,
    help="Which pay code of the ERP a payment method is: `map pay METHOD PAY_COD`, `map pay list`, `map pay remove METHOD`.",
    no_args_is_help=True,
)
tax = typer.Typer(
    cls=Falling,
    help="Which tax authority and rule of the ERP a tax rate is: `map tax RATE AUTH_COD RUL_COD`, `map tax list`, "
    "`map tax remove RATE`.",
    no_args_is_help=True,
)
app.add_typer(item, name="item")
app.add_typer(customer, name="customer")
app.add_typer(status, name="status")
app.add_typer(pay, name="pay")
app.add_typer(tax, name="tax")

EVERY_STORE = "*"
NOTHING = "-"
"""In place of a store's status: the store is told nothing. In place of a pay code: nothing is booked as paid."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Check it and show what would change; change nothing.")]
EveryStore = Annotated[bool, typer.Option("--every-store", help="For every store that has no row of its own.")]
Sku = Annotated[str, typer.Argument(help="The SKU, as the store has it.")]
Who = Annotated[str, typer.Argument(help="The store's customer: its id there, or an e-mail address.", metavar="WHO")]
State = Annotated[
    str, typer.Argument(help="The document's state in the ERP: open, shipped, closed or gone.", metavar="ERP_STATUS")
]

Method = Annotated[str, typer.Argument(help="The payment method, as the store's orders name it: stripe, cod.", metavar="METHOD")]
Rate = Annotated[str, typer.Argument(help="The store's code of the tax rate: US-NY-TAX-1.", metavar="RATE")]


def _store(run: Run, *, every: bool) -> str:
    return EVERY_STORE if every else own_store(run)


@command(item, "set", group="map item")
def set_item(
    run: Run,
    sku: Sku,
    item_no: Annotated[str, typer.Argument(help="The item's number in the ERP.", metavar="ITEM_NO")],
    every_store: EveryStore = False,
    dry_run: DryRun = False,
) -> None:
    """Say which item of the ERP a SKU is; the word `set` may be left out. The ERP must have the item.

    It counts from the next order on: what waits for a person takes `dead-letter retry`. A line that is in its document keeps its
    item.
    """
    from syncctl.db.contract import SetItemMap

    call = SetItemMap(store_id=_store(run, every=every_store), sku=sku, item_no=item_no, dry_run=dry_run)
    _changed(
        run, run.send(call), lambda row: f"SKU {row.sku} is item {row.item_no}{_before(row.previous, row.item_no)}.", dry_run
    )


@command(item, "remove", group="map item")
def remove_item(run: Run, sku: Sku, every_store: EveryStore = False, dry_run: DryRun = False) -> None:
    """Take a SKU's row away: the ERP's item of that very number counts again, where there is one."""
    from syncctl.db.contract import SetItemMap

    call = SetItemMap(store_id=_store(run, every=every_store), sku=sku, dry_run=dry_run)
    _changed(run, run.send(call), lambda row: f"SKU {row.sku} is item {row.previous} no more.", dry_run)


@command(item, "list", group="map item")
def list_items(run: Run) -> None:
    """Show which SKUs are called otherwise than their items. A row with a store's own id goes before one with *."""
    from syncctl.db.contract import ListItemMap

    rows = run.send(ListItemMap())
    run.report.items = [{"store_id": row.store_id, "sku": row.sku, "item_no": row.item_no} for row in rows]
    _show(run, ["SKU", "Item", "Store"], [[row.sku, row.item_no, row.store_id] for row in rows])


@command(customer, "set", group="map customer")
def set_customer(
    run: Run,
    who: Who,
    cust_no: Annotated[str, typer.Argument(help="The customer's number in the ERP.", metavar="CUST_NO")],
    dry_run: DryRun = False,
) -> None:
    """Say which customer of the ERP a customer of the store is; the word `set` may be left out. The ERP must have that customer.

    It counts from the next order on: what waits for a person takes `dead-letter retry`. A customer of the ERP has one row a
    store, which may hold an id and an e-mail address of the store's. The row is this store's: no other's orders go by it.
    """
    from syncctl.db.contract import SetCustomerMap

    call = SetCustomerMap(store_id=own_store(run), **_named(who), cust_no=cust_no, dry_run=dry_run)
    _changed(run, run.send(call), lambda row: f"{who} is customer {row.cust_no}{_before(row.previous, row.cust_no)}.", dry_run)


@command(customer, "remove", group="map customer")
def remove_customer(run: Run, who: Who, dry_run: DryRun = False) -> None:
    """Take a customer's row of this store away, with the id and the address in it, or where it has none one that has no store.

    The ERP's own customer with that address counts again.
    """
    from syncctl.db.contract import SetCustomerMap

    call = SetCustomerMap(store_id=own_store(run), **_named(who), dry_run=dry_run)
    _changed(run, run.send(call), lambda row: f"{who} is customer {row.previous} no more.", dry_run)


@command(customer, "list", group="map customer")
def list_customers(run: Run) -> None:
    """Show which customers of the stores are which of the ERP, where a row says so.

    A row without a store is from before stores were told apart: the first store whose orders come takes it. Where several stores
    were there already, it counts for orders with its e-mail address only.
    """
    from syncctl.db.contract import ListCustomerMap

    rows = run.send(ListCustomerMap())
    run.report.items = [
        {"store_id": row.store_id, "cust_no": row.cust_no, "woo_user_id": row.woo_user_id, "woo_email": row.woo_email}
        for row in rows
    ]
    several = len({row.store_id for row in rows}) > 1
    _show(
        run,
        ["Customer", "Id in the store>", "E-mail", "Store"],
        [[row.cust_no, row.woo_user_id, row.woo_email, (row.store_id or "-") if several else None] for row in rows],
    )


@command(status, "set", group="map status")
def set_status(
    run: Run,
    erp_status: State,
    store_status: Annotated[
        str, typer.Argument(help="What that is called in the store; - tells the store nothing.", metavar="STORE_STATUS")
    ],
    plugin: Annotated[
        bool, typer.Option("--plugin", help="The status is a plugin's: take it though the store's own don't know it.")
    ] = False,
    every_store: EveryStore = False,
    dry_run: DryRun = False,
) -> None:
    """Say which status the store gets for a document's state; the word `set` may be left out. `sync-status` goes by it.

    A status change can mail customers: `sync-status --dry-run` shows what the next run would tell.
    """
    from syncctl.db.contract import SetStatusMap

    named = None if store_status == NOTHING else store_status.strip().lower().removeprefix("wc-")
    remark = "" if named is None else require_told(run, named, plugin=plugin)
    call = SetStatusMap(store_id=_store(run, every=every_store), erp_status=erp_status.lower(), woo_status=named, dry_run=dry_run)
    _changed(
        run,
        run.send(call),
        lambda row: (
            f"{row.erp_status} in the ERP {_told(row.woo_status)} in the store"
            f"{f' (before: {_told(row.previous)})' if row.was_mapped else ''}."
            f"{f' {remark}' if remark else ''}"
        ),
        dry_run,
    )


@command(status, "remove", group="map status")
def remove_status(run: Run, erp_status: State, every_store: EveryStore = False, dry_run: DryRun = False) -> None:
    """Take a state's row away: the row for every store counts again, or where there is none `sync-status` asks for one."""
    from syncctl.db.contract import SetStatusMap

    call = SetStatusMap(store_id=_store(run, every=every_store), erp_status=erp_status.lower(), remove=True, dry_run=dry_run)
    _changed(run, run.send(call), lambda row: f"{row.erp_status} in the ERP {_told(row.previous)} in the store no more.", dry_run)


@command(status, "list", group="map status")
def list_statuses(run: Run) -> None:
    """Show which status the store gets for a document's state. A row with a store's own id goes before one with *."""
    from syncctl.db.contract import ListStatusMap

    rows = run.send(ListStatusMap())
    run.report.items = list(rows)
    _show(
        run,
        ["In the ERP", "In the store", "Store"],
        [[row.erp_status, row.woo_status or "(nothing is told)", row.store_id] for row in rows],
    )


@command(pay, "set", group="map pay")
def set_pay_code(
    run: Run,
    method: Method,
    pay_code: Annotated[
        str,
        typer.Argument(help="The ERP's pay code; - where such orders aren't paid when they come.", metavar="PAY_COD"),
    ],
    every_store: EveryStore = False,
    dry_run: DryRun = False,
) -> None:
    """Say which pay code of the ERP a payment method is; the word `set` may be left out. The ERP must have the code.

    It counts where documents carry payments (`config erp set WRITE_PAYMENT`), from the next order on: what waits for a person
    takes `dead-letter retry`. A pay code books the whole total as paid: give - to methods that are paid later, such as cash on
    delivery.
    """
    from syncctl.db.contract import SetPayCodeMap

    code = "" if pay_code == NOTHING else pay_code
    call = SetPayCodeMap(store_id=_store(run, every=every_store), pmt_meth=method, pay_cod=code, dry_run=dry_run)
    _changed(
        run,
        run.send(call),
        lambda row: (
            f"{row.pmt_meth} {_paid(row.pay_cod)}"
            f"{'' if row.previous in (None, row.pay_cod) else f' (before: it {_paid(row.previous)})'}."
        ),
        dry_run,
    )


@command(pay, "remove", group="map pay")
def remove_pay_code(run: Run, method: Method, every_store: EveryStore = False, dry_run: DryRun = False) -> None:
    """Take a payment method's row away: the row for every store counts again; without one its orders go to a person."""
    from syncctl.db.contract import SetPayCodeMap

    call = SetPayCodeMap(store_id=_store(run, every=every_store), pmt_meth=method, dry_run=dry_run)
    _changed(run, run.send(call), lambda row: f"No longer: {row.pmt_meth} {_paid(row.previous)}.", dry_run)


@command(pay, "list", group="map pay")
def list_pay_codes(run: Run) -> None:
    """Show which pay code a payment method is. A row with a store's own id goes before one with *."""
    from syncctl.db.contract import ListPayCodeMap

    rows = run.send(ListPayCodeMap())
    run.report.items = [{"store_id": row.store_id, "pmt_meth": row.pmt_meth, "pay_cod": row.pay_cod} for row in rows]
    _show(
        run,
        ["Payment method", "Pay code", "Store"],
        [[row.pmt_meth, row.pay_cod or "(not paid when it comes)", row.store_id] for row in rows],
    )


@command(tax, "set", group="map tax")
def set_tax(
    run: Run,
    rate: Rate,
    auth_cod: Annotated[str, typer.Argument(help="The ERP's tax authority.", metavar="AUTH_COD")],
    rul_cod: Annotated[str, typer.Argument(help="Its tax rule.", metavar="RUL_COD")],
    every_store: EveryStore = False,
    dry_run: DryRun = False,
) -> None:
    """Say which tax authority and rule of the ERP a tax rate is; the word `set` may be left out.

    Rates without a row are booked under TAX_AUTH_COD and TAX_RUL_COD (`config erp list`). The ERP isn't asked whether it has the
    authority. It counts from the next order on.
    """
    from syncctl.db.contract import SetTaxMap

    store = _store(run, every=every_store)
    call = SetTaxMap(store_id=store, rate_cod=rate, auth_cod=auth_cod, rul_cod=rul_cod, dry_run=dry_run)
    _changed(
        run,
        run.send(call),
        lambda row: (
            f"Rate {row.rate_cod} is {_taxed(row.auth_cod, row.rul_cod)}"
            f"{_before(_taxed(row.previous_auth_cod, row.previous_rul_cod), _taxed(row.auth_cod, row.rul_cod))}."
        ),
        dry_run,
    )


@command(tax, "remove", group="map tax")
def remove_tax(run: Run, rate: Rate, every_store: EveryStore = False, dry_run: DryRun = False) -> None:
    """Take a tax rate's row away: the row for every store counts again, or the site's own authority."""
    from syncctl.db.contract import SetTaxMap

    call = SetTaxMap(store_id=_store(run, every=every_store), rate_cod=rate, dry_run=dry_run)
    _changed(
        run,
        run.send(call),
        lambda row: f"Rate {row.rate_cod} is {_taxed(row.previous_auth_cod, row.previous_rul_cod)} no more.",
        dry_run,
    )


@command(tax, "list", group="map tax")
def list_taxes(run: Run) -> None:
    """Show which tax authority and rule a tax rate is. A row with a store's own id goes before one with *."""
    from syncctl.db.contract import ListTaxMap

    rows = run.send(ListTaxMap())
    run.report.items = [
        {"store_id": row.store_id, "rate_cod": row.rate_cod, "auth_cod": row.auth_cod, "rul_cod": row.rul_cod} for row in rows
    ]
    _show(run, ["Rate", "Authority", "Rule", "Store"], [[row.rate_cod, row.auth_cod, row.rul_cod, row.store_id] for row in rows])


def _paid(code: str | None) -> str:
    return f"is pay code {code}" if code else "isn't paid when it comes"


def _taxed(authority: str | None, rule: str | None) -> str | None:
    return None if authority is None else f"authority {authority}, rule {rule}"


def _named(who: str) -> dict[str, Any]:
    """Tell an id from an e-mail address.

    Raises:
        UsageError: it is neither.
    """
    who = who.strip()
    if who.isascii() and who.isdecimal() and 0 < int(who) <= LARGEST_STORE_ID:
        return {"woo_user_id": int(who)}
    if "@" in who.strip("@"):
        return {"woo_email": who}
    raise UsageError(f"{who or 'An empty text'} is neither a customer's id in the store nor an e-mail address.")


def _before(previous: str | None, now: str | None) -> str:
    return f" (before: {previous})" if previous is not None and previous != now else ""


def _told(woo_status: str | None) -> str:
    return f"is {woo_status}" if woo_status else "is not told"


def _changed(run: Run, rows: Sequence[Any], words: Any, dry_run: bool) -> None:
    run.report.items = list(rows)
    run.report.counts = {"changed": 0 if dry_run else len(rows)}
    run.report.extra = {"dry_run": dry_run}

    def render(console: Console) -> None:
        for row in rows:
            console.print(words(row))
        if dry_run:
            console.print("Dry run: nothing was changed.")

    run.render = render


def _show(run: Run, columns: list[str], rows: list[list[object]]) -> None:
    run.report.counts = {"rows": len(rows)}

    def render(console: Console) -> None:
        if rows:
            table(console, columns, rows)
        else:
            console.print("The map has no rows.")

    run.render = render
