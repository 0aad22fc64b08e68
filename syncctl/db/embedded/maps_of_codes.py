"""The maps of pay codes and tax rates on the embedded engine, as a person changes them."""

from __future__ import annotations

from syncctl.db.contract import ListPayCodeMap, ListTaxMap, PayCodeMapping, SetPayCodeMap, SetTaxMap, TaxMapping
from syncctl.db.embedded.erp import erp_of, settings_of
from syncctl.db.embedded.maps import put_row
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.errors import MappingError

_LONGEST = 10
"""Characters of the ERP's codes."""


@serves(ListPayCodeMap)
def list_pay_code_map(session: Session, _call: ListPayCodeMap) -> list[PayCodeMapping]:
    """See `sql/procedures/sp_ListPayCodeMap.sql`."""
    rows = session.all("SELECT * FROM dbo.USER_PAY_CODE_MAP ORDER BY PMT_METH, STORE_ID")
    return [PayCodeMapping(row["STORE_ID"], row["PMT_METH"], row["PAY_COD"], None) for row in rows]


@serves(SetPayCodeMap)
def set_pay_code_map(session: Session, call: SetPayCodeMap) -> list[PayCodeMapping]:
    """See `sql/procedures/sp_SetPayCodeMap.sql`."""
    method, code = call.pmt_meth.strip(), None if call.pay_cod is None else call.pay_cod.strip()
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (method != "", "@PMT_METH is required."),
        (len(code or "") <= _LONGEST, "@PAY_COD takes at most 10 characters."),
    )
    if "WRITE_PAYMENT" not in settings_of(session):
        raise MappingError("This ERP's documents take no payments of the store: there are no pay codes to name.", code=50040)
    if code and (lacking := erp_of(session).setting_lacks(session, "PAY_COD", code)):
        raise MappingError(lacking, code=50040)
    row = put_row(
        session,
        "USER_PAY_CODE_MAP",
        {"STORE_ID": call.store_id, "PMT_METH": method},
        None if code is None else {"PAY_COD": code},
        named=f"The map of pay codes has no row for payment method {method}",
        dry_run=call.dry_run,
    )
    return [PayCodeMapping(call.store_id, method, code, None if row is None else row["PAY_COD"])]


@serves(ListTaxMap)
def list_tax_map(session: Session, _call: ListTaxMap) -> list[TaxMapping]:
    """See `sql/procedures/sp_ListTaxMap.sql`."""
    rows = session.all("SELECT * FROM dbo.USER_TAX_MAP ORDER BY RATE_COD, STORE_ID")
    return [TaxMapping(row["STORE_ID"], row["RATE_COD"], row["AUTH_COD"], row["RUL_COD"], None, None) for row in rows]


@serves(SetTaxMap)
def set_tax_map(session: Session, call: SetTaxMap) -> list[TaxMapping]:
    """See `sql/procedures/sp_SetTaxMap.sql`."""
    rate = call.rate_cod.strip()
    authority, rule = (call.auth_cod or "").strip() or None, (call.rul_cod or "").strip() or None
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (rate != "", "@RATE_COD is required."),
        ((authority is None) == (rule is None), "@AUTH_COD and @RUL_COD go together."),
        (max(len(authority or ""), len(rule or "")) <= _LONGEST, "@AUTH_COD and @RUL_COD take at most 10 characters."),
    )
    if "TAX_AUTH_COD" not in settings_of(session):
        raise MappingError("This ERP's documents take no tax by rates: there are no authorities to name.", code=50040)
    row = put_row(
        session,
        "USER_TAX_MAP",
        {"STORE_ID": call.store_id, "RATE_COD": rate},
        None if authority is None else {"AUTH_COD": authority, "RUL_COD": rule},
        named=f"The map of tax rates has no row for {rate}",
        dry_run=call.dry_run,
    )
    before = (None, None) if row is None else (row["AUTH_COD"], row["RUL_COD"])
    return [TaxMapping(call.store_id, rate, authority, rule, *before)]
