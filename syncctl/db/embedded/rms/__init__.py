"""Microsoft RMS on the embedded engine: the document port over its tables. The T-SQL twin is `sql/erp/rms/`."""

from __future__ import annotations

from syncctl.db.embedded.erp import Erp
from syncctl.db.embedded.rms.audit import audit
from syncctl.db.embedded.rms.customer import (
    add_address,
    change_customer,
    create_customer,
    customer_fields,
    customer_no,
    find_customers,
    find_namesakes,
    is_fitting,
    lossy_texts,
    new_customer_problem,
)
from syncctl.db.embedded.rms.document import (
    change_document,
    close_document,
    create_document,
    document_rows,
    remove_document,
)
from syncctl.db.embedded.rms.items import find_item, items, short_items, stock
from syncctl.db.embedded.rms.notes import write_note
from syncctl.db.embedded.rms.prices import price
from syncctl.db.embedded.rms.read import get_document
from syncctl.db.embedded.rms.seed import seed_demo
from syncctl.db.embedded.rms.settings import (
    import_settings,
    list_series,
    missing_settings,
    record_deposit,
    set_deposit_model,
    set_series,
)
from syncctl.db.embedded.rms.site import setting_fault, setting_lacks
from syncctl.db.embedded.rms.state import document_state, statuses, tracking_numbers


class Rms:
    """See `erp.Erp`."""

    name = "Microsoft RMS"
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
    find_item = staticmethod(find_item)
    get_document = staticmethod(get_document)
    import_settings = staticmethod(import_settings)
    items = staticmethod(items)
    is_fitting = staticmethod(is_fitting)
    list_series = staticmethod(list_series)
    lossy_texts = staticmethod(lossy_texts)
    missing_settings = staticmethod(missing_settings)
    new_customer_problem = staticmethod(new_customer_problem)
    price = staticmethod(price)
    record_deposit = staticmethod(record_deposit)
    remove_document = staticmethod(remove_document)
    seed_demo = staticmethod(seed_demo)
    set_deposit_model = staticmethod(set_deposit_model)
    set_series = staticmethod(set_series)
    setting_fault = staticmethod(setting_fault)
    setting_lacks = staticmethod(setting_lacks)
    short_items = staticmethod(short_items)
    statuses = staticmethod(statuses)
    stock = staticmethod(stock)
    tracking_numbers = staticmethod(tracking_numbers)
    write_note = staticmethod(write_note)


ERP: Erp = Rms()
