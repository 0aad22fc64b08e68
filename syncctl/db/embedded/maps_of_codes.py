"""The maps of pay codes and tax rates on the embedded engine, as a person changes them."""

from __future__ import annotations

from syncctl.db.contract import ListPayCodeMap, ListTaxMap, PayCodeMapping, SetPayCodeMap, SetTaxMap, TaxMapping
from syncctl.db.embedded.erp import erp_of, settings_of
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.errors import MappingError, NotFound

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
    key = {"store": call.store_id, "method": method, "code": code}
    row = session.one("SELECT PAY_COD FROM dbo.USER_PAY_CODE_MAP WHERE STORE_ID = :store AND PMT_METH = :method", key)
    if row is None and code is None:
        raise NotFound(f"The map of pay codes has no row for payment method {method} and store {call.store_id}.", code=50004)
    if not call.dry_run:
        session.run("DELETE FROM dbo.USER_PAY_CODE_MAP WHERE STORE_ID = :store AND PMT_METH = :method", key)
        if code is not None:
            session.run("INSERT INTO dbo.USER_PAY_CODE_MAP (STORE_ID, PMT_METH, PAY_COD) VALUES (:store, :method, :code)", key)
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
    key = {"store": call.store_id, "rate": rate, "auth": authority, "rule": rule}
    row = session.one("SELECT AUTH_COD, RUL_COD FROM dbo.USER_TAX_MAP WHERE STORE_ID = :store AND RATE_COD = :rate", key)
    if row is None and authority is None:
        raise NotFound(f"The map of tax rates has no row for {rate} and store {call.store_id}.", code=50004)
    if not call.dry_run:
        session.run("DELETE FROM dbo.USER_TAX_MAP WHERE STORE_ID = :store AND RATE_COD = :rate", key)
        if authority is not None:
            session.run(
                "INSERT INTO dbo.USER_TAX_MAP (STORE_ID, RATE_COD, AUTH_COD, RUL_COD) VALUES (:store, :rate, :auth, :rule)",
                key,
            )
    before = (None, None) if row is None else (row["AUTH_COD"], row["RUL_COD"])
    return [TaxMapping(call.store_id, rate, authority, rule, *before)]
