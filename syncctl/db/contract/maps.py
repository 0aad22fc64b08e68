"""What the store's SKUs, customers, payment methods, tax rates and the ERP's states are called on the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Key, Name, Procedure


@dataclass(frozen=True, slots=True)
class ItemMapping:
    """The ERP's item of a SKU; `store_id` `*` is every store without a row of its own. `previous`: the item before a change."""

    store_id: Name
    sku: Key
    item_no: Code | None
    previous: Code | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItemMap(Procedure[ItemMapping]):
    """The item map, by SKU."""

    name: ClassVar[str] = "sp_ListItemMap"
    returns: ClassVar[type] = ItemMapping
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetItemMap(Procedure[ItemMapping]):
    """Say which item a SKU is; without `item_no` its row is taken away. With `dry_run` it is checked and told, not written.

    Raises:
        MappingError: the ERP has no such item.
        NotFound: there is no row to take away.
    """

    name: ClassVar[str] = "sp_SetItemMap"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = ItemMapping

    store_id: Name
    sku: Key
    item_no: Code | None = None
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class CustomerMapping:
    """The ERP's customer of a store's customer, by the store's id of it, the e-mail address, or both.

    `store_id` is empty in a row from before stores were told apart.
    """

    store_id: Name
    cust_no: Code | None
    woo_user_id: BigInt | None
    woo_email: Key | None
    previous: Code | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCustomerMap(Procedure[CustomerMapping]):
    """The rows of the customer map that count, by the ERP's number."""

    name: ClassVar[str] = "sp_ListCustomerMap"
    returns: ClassVar[type] = CustomerMapping
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCustomerMap(Procedure[CustomerMapping]):
    """Say which of the ERP's customers a store's customer is; without `cust_no` the row is taken away.

    The store's customer is named by one of `woo_user_id` and `woo_email`; the row is that store's alone. With
    `dry_run` it is checked and told, not written.

    Raises:
        MappingError: the ERP has no such customer.
        Conflict: that customer has a row of this store with another id or address.
        NotFound: there is no row to take away.
    """

    name: ClassVar[str] = "sp_SetCustomerMap"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = CustomerMapping

    store_id: Name
    woo_user_id: BigInt | None = None
    woo_email: Key | None = None
    cust_no: Code | None = None
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class ChangedStatusMapping:
    """What a state is called in a store now and what it was before. Mapped to None says nothing to the store."""

    store_id: Name
    erp_status: Code
    woo_status: Code | None
    is_mapped: Flag
    previous: Code | None
    was_mapped: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatusMap(Procedure[ChangedStatusMapping]):
    """Say what a document's state is called in a store, or with `remove` take the row away. `woo_status` None tells it nothing.

    With `dry_run` it is checked and told, not written.

    Raises:
        NotFound: there is no row to take away.
    """

    name: ClassVar[str] = "sp_SetStatusMap"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = ChangedStatusMapping

    store_id: Name
    erp_status: Code
    woo_status: Code | None = None
    remove: Flag = False
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class PayCodeMapping:
    """The ERP's pay code of a payment method; an empty one: such orders aren't paid when they come. None: it has no row.

    `store_id` `*` is every store without a row of its own. `previous`: the code before a change.
    """

    store_id: Name
    pmt_meth: Name
    pay_cod: Code | None
    previous: Code | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPayCodeMap(Procedure[PayCodeMapping]):
    """The map of pay codes, by payment method."""

    name: ClassVar[str] = "sp_ListPayCodeMap"
    returns: ClassVar[type] = PayCodeMapping
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPayCodeMap(Procedure[PayCodeMapping]):
    """Say which pay code a payment method is; without `pay_cod` its row is taken away. With `dry_run` it is checked and told.

    Raises:
        MappingError: the ERP has no such code, or its documents take no payments.
        NotFound: there is no row to take away.
    """

    name: ClassVar[str] = "sp_SetPayCodeMap"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = PayCodeMapping

    store_id: Name
    pmt_meth: Name
    pay_cod: Code | None = None
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class TaxMapping:
    """The ERP's tax authority and rule of a store's tax rate, now and before a change; None: it has no row."""

    store_id: Name
    rate_cod: Key
    auth_cod: Code | None
    rul_cod: Code | None
    previous_auth_cod: Code | None
    previous_rul_cod: Code | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTaxMap(Procedure[TaxMapping]):
    """The map of tax rates, by the store's code of the rate."""

    name: ClassVar[str] = "sp_ListTaxMap"
    returns: ClassVar[type] = TaxMapping
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTaxMap(Procedure[TaxMapping]):
    """Say which authority and rule a tax rate is; without both its row is taken away. With `dry_run` it is checked and told.

    Raises:
        MappingError: the ERP's documents take no tax by rates.
        NotFound: there is no row to take away.
    """

    name: ClassVar[str] = "sp_SetTaxMap"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = TaxMapping

    store_id: Name
    rate_cod: Key
    auth_cod: Code | None = None
    rul_cod: Code | None = None
    dry_run: Flag = False
