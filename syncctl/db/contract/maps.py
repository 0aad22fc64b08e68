"""What the store's SKUs, customers and the ERP's states are called on the other side."""

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
