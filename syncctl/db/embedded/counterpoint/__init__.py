"""CounterPoint on the embedded engine: the document port over its tables. The T-SQL twin is `sql/erp/counterpoint/`."""

from __future__ import annotations

from syncctl.db.embedded.counterpoint.audit import audit
from syncctl.db.embedded.counterpoint.change import change_document, close_document
from syncctl.db.embedded.counterpoint.code_page import lossy_texts
from syncctl.db.embedded.counterpoint.create import create_document, document_rows, remove_document
from syncctl.db.embedded.counterpoint.customer import (
    add_address,
    change_customer,
    create_customer,
    customer_fields,
    customer_no,
    find_customers,
    find_namesakes,
    is_fitting,
    new_customer_problem,
)
from syncctl.db.embedded.counterpoint.deposit_model import set_deposit_model
from syncctl.db.embedded.counterpoint.deposit_record import record_deposit
from syncctl.db.embedded.counterpoint.document import find_item, short_items, write_note
from syncctl.db.embedded.counterpoint.read import get_document
from syncctl.db.embedded.counterpoint.seed import seed_demo
from syncctl.db.embedded.counterpoint.settings import (
    import_settings,
    list_series,
    missing_settings,
    set_series,
    setting_fault,
    setting_lacks,
)
from syncctl.db.embedded.counterpoint.state import document_state, statuses, tracking_numbers
from syncctl.db.embedded.counterpoint.stock import items, price, stock
from syncctl.db.embedded.erp import Erp


class CounterPoint:
    """See `erp.Erp`."""

    name = "CounterPoint"
    audit = staticmethod(audit)
    change_document = staticmethod(change_document)
    close_document = staticmethod(close_document)
    add_address = staticmethod(add_address)
    change_customer = staticmethod(change_customer)
    customer_fields = staticmethod(customer_fields)
    find_namesakes = staticmethod(find_namesakes)
    create_customer = staticmethod(create_customer)
    customer_no = staticmethod(customer_no)
    create_document = staticmethod(create_document)
    document_rows = staticmethod(document_rows)
    document_state = staticmethod(document_state)
    find_customers = staticmethod(find_customers)
    is_fitting = staticmethod(is_fitting)
    find_item = staticmethod(find_item)
    get_document = staticmethod(get_document)
    import_settings = staticmethod(import_settings)
    items = staticmethod(items)
    list_series = staticmethod(list_series)
    missing_settings = staticmethod(missing_settings)
    new_customer_problem = staticmethod(new_customer_problem)
    lossy_texts = staticmethod(lossy_texts)
    record_deposit = staticmethod(record_deposit)
    remove_document = staticmethod(remove_document)
    seed_demo = staticmethod(seed_demo)
    set_deposit_model = staticmethod(set_deposit_model)
    set_series = staticmethod(set_series)
    setting_fault = staticmethod(setting_fault)
    setting_lacks = staticmethod(setting_lacks)
    short_items = staticmethod(short_items)
    price = staticmethod(price)
    statuses = staticmethod(statuses)
    stock = staticmethod(stock)
    tracking_numbers = staticmethod(tracking_numbers)
    write_note = staticmethod(write_note)


ERP: Erp = CounterPoint()
