#!/usr/bin/env python3
"""Show that the tests have teeth: plant one bug at a time in a copy of this repository and demand that its tests go red.

    python3 scripts/dev.py teeth                 all of them
    python3 scripts/dev.py teeth fence poison    those whose names contain one of these words
    python3 scripts/dev.py teeth --list          what there is

Exit 1 where a bug survives, or where the tests are not green without one. Nothing outside a temporary folder is changed, and
only the embedded engine is used.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".sqlserver-test", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "dist", "build", "logs"
)
NO_TESTS, ALL_PASSED, SOME_FAILED = 5, 0, 1


@dataclass(frozen=True)
class Edit:
    """One text in a file, which stands there exactly once, and what takes its place."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """A mistake that somebody could make, and the tests that must notice."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    only: str = ""
    """As pytest's `-k`."""


class NoLongerFits(Exception):
    """A text to be replaced isn't there, or more than once: the bug has to be planted anew."""


def bug(name: str, path: str, old: str, new: str, *tests: str, only: str = "") -> Bug:
    """Make a bug of one edit."""
    return Bug(name, (Edit(path, old, new),), tests, only)


WORK = "syncctl/db/embedded/work.py"
OUTBOX = "syncctl/db/embedded/outbox.py"
SCHEMA = "syncctl/db/embedded/schema.sql"
CREATE = "syncctl/db/embedded/apply.py"
WRITE_DOCUMENT = "syncctl/db/embedded/counterpoint/create.py"
CHANGE = "syncctl/db/embedded/counterpoint/change.py"
DOCUMENT = "syncctl/db/embedded/counterpoint/totals.py"
CUSTOMER = "syncctl/db/embedded/counterpoint/customer.py"
CUSTOMERS = "syncctl/db/embedded/customers.py"
CUSTOMER_NUMBER = "syncctl/db/embedded/counterpoint/customer_number.py"
ERP_CONTENT = "syncctl/db/embedded/order_content.py"
ROLLBACK = "syncctl/db/embedded/rollback.py"
STAGING = "syncctl/db/embedded/staging.py"
STAGE = "syncctl/services/stage.py"
INTAKE = "syncctl/services/intake.py"
UNREADABLE = "syncctl/db/embedded/unreadable.py"
PROCESS = "syncctl/services/process.py"
LEASE = "syncctl/db/embedded/lease.py"
WORK_LOOP = "syncctl/services/work_loop.py"
WRITE_BACK = "syncctl/services/write_back.py"
TELLING = "syncctl/services/telling.py"
TOGETHER = "syncctl/services/telling_together.py"
WRITES = "syncctl/stores/woocommerce_writes.py"
RAISING = "syncctl/services/raising.py"
HEALTH_CHECKS = "syncctl/services/health_checks.py"
CONTENT = "syncctl/stores/content.py"
POD = "syncctl/services/pod.py"
HTTP = "syncctl/http_answer.py"
JSON = "syncctl/answer_json.py"

CONFIRM = "syncctl/cli/confirm.py"

T_WORK = "tests/contract/test_work.py"
T_CREATE = "tests/contract/test_create.py"
T_UPDATE = "tests/contract/test_update.py"
T_NEW_CUSTOMER = "tests/contract/test_new_customer.py"
T_LETTERS = "tests/contract/test_letters.py"
T_STAGING = "tests/contract/test_staging.py"
T_MEANING = "tests/contract/test_status_meaning.py"
T_PROCESS = "tests/integration/test_process.py"
T_POLL = "tests/integration/test_poll.py"
T_UNCHANGED = "tests/integration/test_unchanged_orders.py"
T_ODD = "tests/integration/test_odd_orders.py"
T_ASIDE = "tests/contract/test_set_aside.py"
T_OUTAGES = "tests/integration/test_outages.py"
T_POD_ODD = "tests/contract/test_pod_odd.py"
T_TOGETHER = "tests/integration/test_write_back_together.py"
T_KILLED = "tests/crash/test_killed.py"
T_SIGNALS = "tests/crash/test_signals.py"
T_INSTANCE = "tests/crash/test_one_instance.py"
T_VALIDATE = "tests/contract/test_validate.py"
T_HEALTH = "tests/integration/test_health.py"
T_STATUS = "tests/integration/test_sync_status.py"
T_HTTP = "tests/unit/test_http_answer.py"
T_JSON = "tests/unit/test_answer_json.py"
T_PODS = "tests/contract/test_pod_runs.py"

T_GIVING_UP = "tests/acceptance/test_giving_up.py"
T_DATABASES = "tests/acceptance/test_databases.py"
T_SHOPIFY_POLL = "tests/integration/test_shopify_poll.py"
T_SHOPIFY_CLIENT = "tests/unit/test_shopify_client.py"
T_SHOPIFY_ORDERS = "tests/unit/test_shopify_orders.py"

BUGS = (
    bug(
        "the fence is dropped",
        LEASE,
        "if held and row[self.owner] == worker_id and row[self.attempt] == attempt_no:",
        "if True:",
        T_WORK,
        "tests/contract/test_outbox.py",
        only="stale",
    ),
    bug(
        "the fence forgets the attempt",
        LEASE,
        "if held and row[self.owner] == worker_id and row[self.attempt] == attempt_no:",
        "if held and row[self.owner] == worker_id:",
        T_WORK,
        only="older_attempt",
    ),
    bug(
        "claims look at no lease",
        WORK,
        "_LEASE_RAN_OUT = \"STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now\"",
        "_LEASE_RAN_OUT = \"STATE = 'CLAIMED'\"",
        T_WORK,
        only="claimed_again or heartbeat",
    ),
    bug(
        "the orders of a dead worker never come back",
        WORK,
        "_LEASE_RAN_OUT = \"STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now\"",
        "_LEASE_RAN_OUT = \"STATE = 'CLAIMED' AND LEASE_UNTIL_DT IS NULL\"",
        T_WORK,
        only="dead_workers",
    ),
    bug(
        "a claim doesn't count its attempt",
        LEASE,
        "{self.until} = :until, {self.attempt} = {self.attempt} + 1",
        "{self.until} = :until",
        T_WORK,
        only="attempt",
    ),
    bug(
        "a worker's death costs every order that it had claimed an attempt",
        WORK,
        """    return row["STATE"] != "CLAIMED" or bool(row["IS_IN_HAND"])
""",
        "    return True\n",
        T_WORK,
        T_KILLED,
        only="embedded and (waited_behind or in_a_dead_workers)",
    ),
    bug(
        "an order that kills its workers is never in their hands",
        CREATE,
        "    if take_in_hand(session, call.staging_id, call.worker_id):\n        session.keep()\n",
        "    take_in_hand(session, call.staging_id, call.worker_id)\n",
        T_WORK,
        only="in_hand_from",
    ),
    bug(
        "a batch outlives its lease",
        PROCESS,
        "> self.options.lease_seconds / 2:",
        "> self.options.lease_seconds * 1000:",
        T_PROCESS,
        only="half_of_the_lease",
    ),
    bug(
        "an order given back has lost an attempt",
        WORK,
        "ATTEMPT_NO = ATTEMPT_NO - 1,\n            LEASE_OWNER",
        "LEASE_OWNER",
        T_WORK,
        T_SIGNALS,
        only="released or claimed_when",
    ),
    bug(
        "two rows may stand for one order of a store",
        SCHEMA,
        "CREATE UNIQUE INDEX dbo.UX_USER_ORDER_STAGING_STORE_ORDER ON",
        "CREATE INDEX dbo.UX_USER_ORDER_STAGING_STORE_ORDER ON",
        "tests/contract/test_promised_keys.py",
    ),
    bug(
        "the same message may be queued twice",
        SCHEMA,
        "    CONSTRAINT UX_USER_STORE_OUTBOX_KEY UNIQUE (STORE_ID, WOO_ORDER_ID, DEDUP_KEY)\n",
        "    CHECK (DEDUP_KEY <> '')\n",
        "tests/contract/test_promised_keys.py",
    ),
    bug(
        "the document is committed before its lines",
        WRITE_DOCUMENT,
        "    create_order_lines(session, staged, content, document, settings)\n    write_payment",
        '    session.db.execute("COMMIT")\n    session.db.execute("BEGIN IMMEDIATE")\n'
        "    create_order_lines(session, staged, content, document, settings)\n    write_payment",
        T_CREATE,
        only="failure_anywhere",
    ),
    bug(
        "an order in the ERP is created again",
        CREATE,
        """if action == "create" and (staged["IS_APPLIED"] or (link is not None and link["LINK_STATE"] == "OPEN")):""",
        "if False:",
        T_CREATE,
        only="reset_by_hand or older_program",
    ),
    bug(
        "money is float: an amount on its way from the store",
        CONTENT,
        "    text = str(amount)\n",
        "    amount = Decimal(float(amount))\n    text = str(amount)\n",
        "tests/unit/test_content.py",
    ),
    bug(
        "money is float: the unit price",
        ERP_CONTENT,
        "return (total / quantity).quantize(_TENTH_OF_MILL, ROUND_HALF_UP)",
        "return Decimal(str(round(float(total) / float(quantity), 4)))",
        T_CREATE,
        only="unit_price",
    ),
    bug(
        "a document may differ from the store's total",
        DOCUMENT,
        "    if totals.tot != expected:",
        "    if abs(totals.tot - expected) > 1:",
        T_CREATE,
        T_UPDATE,
        only="total",
    ),
    bug(
        "a document whose rows don't agree is let stand",
        DOCUMENT,
        "    if faults:",
        "    if False:",
        "tests/contract/test_document.py",
        only="agree",
    ),
    bug(
        "a payment by hand is taken for the order's own",
        "syncctl/db/embedded/counterpoint/payment.py",
        """if written is None and (wanted == "N" or session""",
        """if written is None and (wanted == "N" and session""",
        "tests/contract/test_payments.py",
        only="took",
    ),
    bug(
        "local columns get UTC",
        "syncctl/db/embedded/counterpoint/site.py",
        "moment.astimezone(zone).replace(tzinfo=UTC)",
        "moment",
        "tests/contract/test_site_settings.py",
        only="local_columns",
    ),
    bug(
        "a line gives its stock back to the columns that the site chose since",
        "syncctl/db/embedded/counterpoint/document.py",
        """row["STOCK_COLUMNS"] or STOCK_COLUMNS[0]""",
        "stock_columns(settings_of(session))",
        "tests/contract/test_site_settings.py",
        only="gives_back",
    ),
    bug(
        "what rounding leaves of the tax is lost",
        "syncctl/db/embedded/counterpoint/tax.py",
        "amount + rest if takes_rest else amount",
        "amount",
        "tests/contract/test_document.py",
        only="rounding",
    ),
    bug(
        "a customer number loses the width that the ERP gives it",
        CUSTOMER_NUMBER,
        'return f"{prefix}{value:0{len(digits)}d}", f',
        'return f"{prefix}{value}", f',
        T_NEW_CUSTOMER,
        only="width",
    ),
    bug(
        "a customer number that is taken is given again",
        CUSTOMER_NUMBER,
        'value = first_free(session, "CUST_NO", prefix, len(digits), value)',
        "value += 0",
        T_NEW_CUSTOMER,
        only="series",
    ),
    bug(
        "a template that isn't there is found out too late",
        CUSTOMER,
        "if template is not None and customer_no(session, template) is None:",
        "if False:",
        T_NEW_CUSTOMER,
        only="set_up",
    ),
    bug(
        "a new customer has nothing from the template",
        CUSTOMER,
        "values |= {column: copied[column] for column in _COPIED}",
        "pass",
        T_NEW_CUSTOMER,
        only="template",
    ),
    bug(
        "a set-up that makes no customers is blamed on the order",
        "syncctl/db/embedded/apply.py",
        "if found.code == SET_UP",
        'if found.code == "nothing"',
        T_NEW_CUSTOMER,
        only="set_up",
    ),
    bug(
        "a letter that the code page lacks makes a second address",
        CUSTOMER,
        'all((row[part] or "") == address[part] for part in _ADDRESS)',
        'all((row[part] or "") == content.shipping.get(part, "") for part in _ADDRESS)',
        T_LETTERS,
        only="found_again",
    ),
    bug(
        "letters that the code page lacks are lost without a word",
        "syncctl/db/embedded/counterpoint/code_page.py",
        "if not _kept(letter) and (letter",
        'if letter > "\\uffff" and (letter',
        T_LETTERS,
        only="told",
    ),
    bug(
        "the note keeps no text in full",
        "syncctl/db/embedded/counterpoint/notes.py",
        "held.text) for held in lossy_texts",
        "held.lost) for held in lossy_texts",
        T_LETTERS,
        only="note",
    ),
    bug(
        "a poll begins where the last one ended, without overlap",
        STAGE,
        "since_dt=min(reached) - window.lookback, until_dt=now), True",
        "since_dt=min(reached), until_dt=now), True",
        T_POLL,
    ),
    bug(
        "the watermark moves before the walk has come to its end",
        STAGE,
        "watermark = max(filter(None, (before, reached.watermark))) if reached.finished else before",
        "watermark = max(filter(None, (before, reached.until_dt)))",
        T_POLL,
    ),
    bug(
        "a poll is not alone",
        STAGE,
        '        with self.database.exclusive(f"stage {self.store.store_id}"):\n',
        "        with suppress(ZeroDivisionError):\n",
        T_POLL,
        only="left_alone",
    ),
    bug(
        "an order that can't be read ends the poll",
        INTAKE,
        "                if concern is not Concern.ROW:\n",
        "                if True:\n",
        T_ODD,
        only="set_aside and refunds",
    ),
    bug(
        "a store that is down is blamed on its orders",
        INTAKE,
        "                if concern is not Concern.ROW:\n",
        "                if False:\n",
        T_ODD,
        only="goes_down or stop_working",
    ),
    bug(
        "an order that can't be read moves on with the rest and is forgotten",
        INTAKE,
        "        rows += [self.content.unreadable(bad) for bad in (*unreadable, *read.unreadable)]\n",
        "",
        T_ODD,
        only="set_aside",
    ),
    bug(
        "the walk's place is kept before its page is staged to the end",
        INTAKE,
        "self._stage(rows, walk if read.whole else None)",
        "self._stage(rows, walk)",
        T_ODD,
        only="middle_of_a_page",
    ),
    bug(
        "an edit within the second in which an order was read is missed",
        "syncctl/services/read_marks.py",
        " and read_at - listed.modified_at >= SETTLED",
        "",
        T_UNCHANGED,
        only="within_the_second",
    ),
    bug(
        "refunds that a list of several orders lacks are paid for",
        "syncctl/stores/woocommerce_refund_lists.py",
        " if refunds.keys() == named[order_id]}",
        "}",
        "tests/integration/test_pages_ahead.py",
        only="comes_short",
    ),
    bug(
        "orders are taken for known whatever the settings",
        "syncctl/services/read_marks.py",
        "repr((__version__, content.create_statuses))",
        "repr((__version__,))",
        T_UNCHANGED,
        only="other_statuses",
    ),
    bug(
        "more requests at once than the store bears",
        "syncctl/stores/ahead.py",
        "self._bearable, self._in_time, self._resting = 1, 0, True",
        "pass",
        "tests/unit/test_ahead.py",
        only="rest or one_by_one",
    ),
    bug(
        "a short page ends the list",
        "syncctl/stores/walk.py",
        "        if self._total is not None and reached < self._total:\n",
        "        if False:\n",
        "tests/unit/test_id_walk.py",
        only="hidden or caps",
    ),
    bug(
        "one empty page ends a list that counts nothing",
        "syncctl/stores/walk.py",
        "return counted or (not count and self._is_empty_from(reached) and self._is_empty_from(reached + MAX_PER_PAGE))",
        "return counted or not count",
        "tests/unit/test_id_walk.py",
        only="without_a_count",
    ),
    bug(
        "what a host leaves out of a piece of a page is lost",
        "syncctl/stores/woocommerce_lists.py",
        "        if self._by_page or not 0 < len(rows) < size or self._pieces >= MOST_PIECES:\n",
        "        if True:\n",
        T_ODD,
        only="of_a_host_that_caps",
    ),
    bug(
        "a page in pieces says how much the host gives at once",
        "syncctl/stores/walk.py",
        "        if not page.in_pieces:\n            self._largest",
        "        if True:\n            self._largest",
        T_ODD,
        only="of_a_host_that_caps",
    ),
    bug(
        "pages that were all the first one count as empty places",
        "syncctl/stores/walk.py",
        "            self._empty = 0  # those may all have been the first page, too\n",
        "            pass\n",
        "tests/unit/test_id_walk.py",
        only="everything_that_is_shown",
    ),
    bug(
        "a broken row hides its whole page",
        "syncctl/stores/woocommerce_lists.py",
        "        found = self._by_id([row.id for row in listed.rows if row.id is not None])\n",
        "        found: dict[int, Row] = {}\n        listed = Rows([], listed.total)\n",
        T_ODD,
        only="page or broken",
    ),
    bug(
        "what could not be read is processed as it was",
        UNREADABLE,
        "SET STATE = 'NEEDS_MANUAL_REVIEW', ERROR_CLASS = :class",
        "SET ERROR_CLASS = :class",
        T_ASIDE,
    ),
    bug(
        "what could not be read is never asked for again",
        STAGE,
        "                self.intake.read_again()\n",
        "                pass\n",
        T_ODD,
        only="asked or heals or disturbed",
    ),
    bug(
        "an older version replaces a newer one",
        STAGING,
        '        return "older"\n',
        "        pass\n",
        T_STAGING,
        only="older_version or any_order",
    ),
    bug(
        "the status is part of what makes an order another",
        "syncctl/stores/content_hash.py",
        "customer_id=order.customer_id,",
        "customer_id=order.customer_id + len(order.status),",
        "tests/unit/test_content.py",
    ),
    bug(
        "a message counts as delivered before it is sent",
        WRITE_BACK,
        "            outcome = self._tell(item)\n",
        """            self._done.append((item, ("delivered", "")))
            self.finish(())
            outcome = self._tell(item)
""",
        T_KILLED,
        only="embedded and before:add_note",
    ),
    bug(
        "a note is posted without looking",
        WRITE_BACK,
        "            if not (message.look_first and message.note in store.notes(message.woo_order_id)):\n",
        "            if True:\n",
        T_KILLED,
        only="embedded and after:add_note",
    ),
    bug(
        "a status of the store is changed whatever it means",
        RAISING,
        """        return "only an order that is paid and waits to be fulfilled gets another one from us"
""",
        """        pass
""",
        "tests/integration/test_write_back.py",
        only="paid",
    ),
    bug(
        "customers are mailed and orders marked paid by us",
        RAISING,
        """    if meaning != "ready" or (present is not None and present[1] != "ready"):
""",
        """    if meaning not in ("ready", "unpaid"):
""",
        "tests/acceptance/test_chain.py",
        only="promise",
    ),
    bug(
        "the status is not looked at again before it is written",
        RAISING,
        "if present is not None and present[0] != status:",
        "if False:",
        "tests/integration/test_write_back.py",
        only="looked_at_again",
    ),
    bug(
        "an order in the ERP whose payment fails stays open",
        STAGING,
        """            return "cancel"
        if meaning == "held":
""",
        """            pass
        if meaning == "held":
""",
        T_MEANING,
    ),
    bug(
        "another order under a known id is followed",
        STAGING,
        "        if staged is not None and _is_another(order, staged):\n",
        "        if False:\n",
        "tests/contract/test_same_order.py",
    ),
    bug(
        "what the store holds is followed",
        STAGING,
        """            return "hold"
""",
        """            pass
""",
        T_MEANING,
    ),
    bug(
        "a note is e-mailed to the customer",
        WRITES,
        '{"note": text, "customer_note": False}',
        '{"note": text, "customer_note": True}',
        "tests/integration/test_write_back.py",
        only="note_is_exact",
    ),
    bug(
        "what a batch refused counts as written",
        WRITES,
        'if "error" not in item}',
        "if True}",
        T_TOGETHER,
        only="refuses_in_the_batch",
    ),
    bug(
        "a batch is written by what was read before the notes",
        TOGETHER,
        "            there = self._read(untold)\n",
        "            pass\n",
        T_TOGETHER,
        only="between",
    ),
    bug(
        "a message given back is taken for one that nobody has told",
        OUTBOX,
        "SET LOOK_FIRST = 1 WHERE OUTBOX_ID = ?",
        "SET LOOK_FIRST = 0 WHERE OUTBOX_ID = ?",
        T_TOGETHER,
        only="goes_down or lost",
    ),
    bug(
        "an order in the trash is written to",
        TELLING,
        "    if there.trashed:\n",
        "    if False:\n",
        "tests/integration/test_write_back.py",
        only="trash",
    ),
    bug(
        "the trash is not looked into",
        STAGE,
        "window, now) for name in self.store.walks}",
        "window, now) for name in self.store.walks[1:]}",
        T_POLL,
        only="trash",
    ),
    bug(
        "wrong keys burn every message's attempts",
        WORK_LOOP,
        "if not isinstance(error, TransientError | SystemMisconfigured | StoreRefused):",
        "if not isinstance(error, TransientError):",
        T_OUTAGES,
        only="keys",
    ),
    Bug(
        "a permanent error is tried again and again",
        (
            Edit(SCHEMA, "('mapping', 1, 0, 1, 0, 'review',", "('mapping', 12, 0, 1, 0, 'retry',"),
            Edit(SCHEMA, "('validation', 1, 0, 1, 0, 'review',", "('validation', 12, 0, 1, 0, 'retry',"),
            Edit(
                PROCESS,
                "if not (self.options.retry and isinstance(error, TransientError) and tried < self.options.max_retries):",
                "if not (self.options.retry and tried < self.options.max_retries):",
            ),
        ),
        (T_PROCESS,),
        "permanent or no_loop",
    ),
    bug(
        "an error that nobody foresaw ends the run",
        WORK_LOOP,
        "            except Exception as raised:\n",
        "            except SyncError as raised:\n",
        T_PROCESS,
        only="poison",
    ),
    bug(
        "one order's refusal counts as wrong keys",
        WORK_LOOP,
        "    try:\n        ask(error)\n",
        "    if isinstance(error, StoreMisconfigured):\n        return Blame(Concern.SETUP, error)\n    try:\n"
        "        ask(error)\n",
        "tests/integration/test_write_back.py",
        "tests/unit/test_work_loop.py",
    ),
    bug(
        "one order's silence counts as the store's",
        WORK_LOOP,
        "    try:\n        ask(error)\n",
        "    if isinstance(error, TransientError):\n        return Blame(Concern.SYSTEM, error)\n    try:\n        ask(error)\n",
        "tests/integration/test_write_back.py",
        "tests/unit/test_work_loop.py",
    ),
    bug(
        "wrong rights burn every order's attempts",
        WORK_LOOP,
        "    if isinstance(error, ConfigError):\n        return Blame(Concern.SETUP, error)\n    if not",
        "    if not",
        T_PROCESS,
        only="set_up",
    ),
    bug(
        "what fails is taken again at once",
        "syncctl/db/embedded/work.py",
        "        AND (:passed IS NULL OR STAGING_ID NOT IN (SELECT value FROM json_each(:passed)))\n",
        "        AND (:passed IS NULL OR 1)\n",
        T_PROCESS,
        only="once_each",
    ),
    bug(
        "a message that fails stays in front of the others",
        "syncctl/db/embedded/outbox.py",
        "ORDER BY NEXT_ATTEMPT_DT, OUTBOX_ID LIMIT",
        "ORDER BY OUTBOX_ID LIMIT",
        "tests/contract/test_outbox.py",
        only="behind",
    ),
    bug(
        "the report is lost with the worker that broke",
        "syncctl/services/work_loop.py",
        "        result.end(unforeseen(error))\n",
        "        raise\n",
        "tests/unit/test_work_loop.py",
        T_PROCESS,
        only="another_broke or broken or bug",
    ),
    bug(
        "a run goes on without its database",
        "syncctl/retry.py",
        "        return self._open",
        "        return False",
        T_OUTAGES,
        only="store_is_down or opens_for_good",
    ),
    bug(
        "stock is given back twice: closing",
        CHANGE,
        "    move_inventory(session, committed_quantities(session, staged), {}, settings)\n",
        "    move_inventory(session, committed_quantities(session, staged), {}, settings)\n" * 2,
        "tests/contract/test_cancel.py",
    ),
    bug(
        "stock is given back twice: rolling back",
        WRITE_DOCUMENT,
        """    move_inventory(session, committed_quantities(session, link), {}, settings_at(session, link["DOC_ID"]))\n""",
        """    move_inventory(session, committed_quantities(session, link), {}, settings_at(session, link["DOC_ID"]))\n""" * 2,
        "tests/contract/test_rollback.py",
    ),
    bug(
        "an update commits the whole quantity again",
        CHANGE,
        "    move_inventory(session, before, committed_quantities(session, staged), settings)\n",
        "    move_inventory(session, {}, committed_quantities(session, staged), settings)\n",
        T_UPDATE,
        only="quantity",
    ),
    bug(
        "a document that was shipped is changed all the same",
        "syncctl/db/embedded/counterpoint/state.py",
        "if stands.released:",
        "if False:",
        "tests/integration/test_conflicts.py",
        only="embedded and cancelled-shipped",
    ),
    bug(
        "an order that the store can't be asked about counts as deleted",
        "syncctl/stores/woocommerce.py",
        "            if refused.code == NO_SUCH_ORDER:\n                return None\n            raise",
        "            return None",
        "tests/unit/test_woocommerce_client.py",
    ),
    bug(
        "two runs of a job on one host",
        "syncctl/cli/run/running.py",
        "if job.alone and not call.parallel and not beside:",
        "if False:",
        T_INSTANCE,
        only="exits_75",
    ),
    bug(
        "a signal ends the run in the middle of an order",
        "syncctl/stop.py",
        "        if stop.signalled:",
        "        if True:",
        T_SIGNALS,
        only="in_hand",
    ),
    bug(
        "a second signal changes nothing",
        "syncctl/stop.py",
        "        if stop.signalled:",
        "        if False:",
        T_SIGNALS,
        only="second_signal",
    ),
    bug(
        "validate writes to an order that a worker holds",
        "syncctl/db/embedded/validate.py",
        "    if notes:\n",
        "    if notes or staged:\n",
        T_VALIDATE,
        only="left_alone",
    ),
    bug(
        "validate judges another store's orders by its own rules",
        "syncctl/services/validate.py",
        "ListStagedOrders(store_id=self.store_id, states",
        "ListStagedOrders(states",
        "tests/integration/test_validate_run.py",
        only="another_stores",
    ),
    bug(
        "one odd date hides every order",
        "syncctl/db/embedded/engine.py",
        "except (ValueError, ArithmeticError):",
        "except ArithmeticError:",
        "tests/integration/test_validate_run.py",
        only="date_that_is_none",
    ),
    bug(
        "an order fetched by its id counts as a poll",
        "syncctl/db/embedded/walks.py",
        'session.now if moments["SINCE_DT"] is None else None',
        "session.now",
        T_STAGING,
        only="came_to_its_end",
    ),
    bug(
        "health is blind to what nobody tries again",
        HEALTH_CHECKS,
        '"critical" if overdue else "warning" if many else "ok"',
        '"warning" if many else "ok"',
        T_HEALTH,
        only="nobody_tries",
    ),
    bug(
        "old history of an order that is open in the ERP is forgotten",
        "syncctl/db/embedded/history.py",
        "AND link.LINK_STATE = 'OPEN' AND COALESCE(link.ERP_STATUS_TOLD, 'open') <> 'gone'",
        "AND FALSE",
        "tests/contract/test_purge.py",
    ),
    bug(
        "a proof of delivery is forgotten while its claim points to it",
        "syncctl/db/embedded/history.py",
        "NOT :documents AND claim.pod_sha256 = row.SHA256",
        "FALSE",
        "tests/contract/test_purge.py",
    ),
    Bug(
        "health tells ages by this host's clock",
        (
            Edit(
                "syncctl/services/health.py",
                "seen.numbers = numbers\n",
                "seen.numbers = replace(numbers, now_dt=self.clock())\n",
            ),
        ),
        (T_HEALTH,),
        "databases_clock",
    ),
    bug(
        "health takes a job that no longer runs for one that was never set up",
        "syncctl/services/health_jobs.py",
        "run.runs >= REGULAR",
        "run.runs > REGULAR",
        "tests/integration/test_health_checks.py",
        only="regularly",
    ),
    bug(
        "seen pushes: nobody else hears that one is held",
        "syncctl/cli/item_push.py",
        "            push.note(held)\n",
        "            pass\n",
        "tests/acceptance/test_pushes_seen.py",
        only="held",
    ),
    bug(
        "seen pushes: one of a single SKU ends a hold of the whole",
        "syncctl/cli/item_push.py",
        "    if whole and not push.result.unfinished:\n",
        "    if not push.result.unfinished:\n",
        "tests/acceptance/test_pushes_seen.py",
        only="held",
    ),
    bug(
        "seen pushes: held again, it counts from then on",
        "syncctl/db/embedded/pushes.py",
        "ELSE COALESCE(HELD_DT, excluded.HELD_DT) END",
        "ELSE excluded.HELD_DT END",
        "tests/contract/test_pushes.py",
        only="held",
    ),
    bug(
        "seen pushes: a hold is taken for the recovery of what follows from it",
        "syncctl/services/alert_rules.py",
        " or check.because in by_name}",
        "}",
        "tests/acceptance/test_pushes_seen.py",
        only="no_recovery",
    ),
    bug(
        "health is content with keys that may only read",
        "syncctl/services/health.py",
        "store.ping(writing=True)",
        "store.ping()",
        "tests/integration/test_health_checks.py",
        only="may_only_read",
    ),
    bug(
        "people are told of an incident at each look",
        "syncctl/services/alert_policy.py",
        'return "again" if incident.mark > (incident.told_mark or 0) else None',
        'return "again"',
        "tests/unit/test_alert_policy.py",
        only="once",
    ),
    bug(
        "nobody is told that an incident is over",
        "syncctl/services/alert_policy.py",
        'return "recovered" if told and incident.recovery_told_dt is None and not quiet else None',
        "return None",
        "tests/integration/test_alerts.py",
        only="its_end_once",
    ),
    bug(
        "two hosts tell of the same incident",
        "syncctl/db/embedded/incidents.py",
        "WHERE INCIDENT_ID = :id AND TELLINGS = :tellings",
        "WHERE INCIDENT_ID = :id AND :tellings >= 0",
        "tests/contract/test_incidents.py",
        only="comes_second",
    ),
    bug(
        "what could not be looked at counts as recovered",
        "syncctl/services/alert_rules.py",
        "            seen = name not in blind\n",
        "            seen = True\n",
        "tests/integration/test_alerts.py",
        only="could_not_be_asked or nothing_else_recovers",
    ),
    bug(
        "Apprise logs an address that it doesn't understand",
        "syncctl/notify/channels.py",
        "    logger.disabled = True\n",
        "",
        "tests/unit/test_alert_ways.py",
        only="not_shown",
    ),
    bug(
        "the log shows where a ping goes",
        "syncctl/notify/ping.py",
        '            log.info("The ping did not arrive: %s.", type(error).__name__)\n',
        "            log.info(self.url)\n",
        "tests/acceptance/test_alerts.py",
        only="fails_no_job",
    ),
    bug(
        "health waits for what hangs",
        "syncctl/services/health.py",
        "self._done.wait(max(0.0, until - time.monotonic()))",
        "self._done.wait(20)",
        T_HEALTH,
        only="hangs",
    ),
    bug(
        "monitoring hears nothing of a wrong setting",
        "syncctl/cli/health.py",
        '    report.exit_code = NAGIOS["unknown"]\n',
        "",
        "tests/acceptance/test_health.py",
        only="bad_setting",
    ),
    bug(
        "sync-status ends at a batch that the store is not told of",
        "syncctl/services/sync_status.py",
        "            if not found:\n",
        "            if len([change for change in found if change.woo_status]) < self.batch_size:\n",
        T_STATUS,
        only="no_end",
    ),
    bug(
        "a change without a mapping is taken for told",
        "syncctl/db/embedded/status_changes.py",
        "if is_mapped and not call.dry_run:",
        "if not call.dry_run:",
        "tests/contract/test_status_changes.py",
        only="until_there_is_one",
    ),
    bug(
        "an answer has no end",
        HTTP,
        "                if held.tell() + len(block) > most:\n                    raise TooLarge\n",
        "",
        T_HTTP,
        only="not_read_and_costs_no_memory",
    ),
    bug(
        "what arrives packed is not counted",
        HTTP,
        "        arrived += len(block)\n",
        "",
        T_HTTP,
        only="nothing",
    ),
    bug(
        "a redirect is read however large it is",
        HTTP,
        "    def get_redirect_target(self, resp",
        "    def get_no_target(self, resp",
        T_HTTP,
        only="redirect",
    ),
    bug(
        "nobody looks at the stop while an answer is awaited",
        "syncctl/in_time.py",
        "if stopped_until is None and stop.is_set():",
        "if False:",
        T_HTTP,
        only="stop_breaks",
    ),
    bug(
        "a deadline counts from the last byte",
        "syncctl/in_time.py",
        "self._since + seconds, stop)",
        "self._since + 50 * seconds, stop)",
        T_HTTP,
        only="now_and_then",
    ),
    bug(
        "half a letter comes in",
        JSON,
        "        text = _without_halves(text)\n",
        "        pass\n",
        T_JSON,
        only="half",
    ),
    bug(
        "an answer may fill the memory with little",
        JSON,
        "    if room < 0:\n",
        "    if False:\n",
        T_JSON,
        only="fill_the_memory",
    ),
    bug(
        "a web page's own data is taken for an answer",
        JSON,
        " and not _PAGE.search(found.before)",
        "",
        T_JSON,
        only="says_why",
    ),
    bug(
        "a message is cut before keys are hidden in it",
        "syncctl/carriers/classify.py",
        '        message=" ".join(words.split())',
        '        message=" ".join(words.split())[:300]',
        "tests/unit/test_carrier_answers.py",
        only="cut_in_two",
    ),
    bug(
        "a carrier's key is shown where the carrier repeats it",
        "syncctl/carriers/asking.py",
        "message=hider.plain(outcome.message, LONGEST_MESSAGE)",
        "message=outcome.message",
        T_PODS,
        only="repeats",
    ),
    bug(
        "an expired link counts as a wrong password",
        "syncctl/carriers/declarative.py",
        "            return link_outcome(followed, self._clock())\n",
        "            return error_outcome(followed, self._clock())\n",
        T_PODS,
        only="says_nothing_of_the_keys",
    ),
    bug(
        "a number whose check digit is wrong costs a call",
        "syncctl/carriers/numbers.py",
        "if wanted and all(",
        "if False and all(",
        "tests/unit/test_carrier_numbers.py",
        only="misread",
    ),
    bug(
        "an error page that speaks of proofs counts as one",
        "syncctl/carriers/forms.py",
        "and not _NONE.search(words)",
        "",
        "tests/unit/test_carrier_forms.py",
        only="what_is_none",
    ),
    bug(
        "a token that was refused is not replaced",
        "syncctl/carriers/declarative.py",
        "            if len(self._tokens.obtained) == held:\n",
        "            if False:\n",
        "tests/unit/test_carrier_answers.py",
        only="refused_before_its_end",
    ),
    bug(
        "claims without a deadline go before disputes that can still be answered",
        "syncctl/db/embedded/pod_claims.py",
        """for whose, order in _TURNS:""",
        """for whose, order in reversed(_TURNS):""",
        "tests/contract/test_pod_deadline.py",
        only="come_first",
    ),
    bug(
        "an export passes a damaged document off",
        "syncctl/services/pod_export.py",
        "if hashlib.sha256(content).hexdigest() != document.sha256:",
        "if not content:",
        "tests/contract/test_pod_deadline.py",
        only="damaged",
    ),
    bug(
        "MyDHL is asked without the header that its description wants",
        "syncctl/carriers/shipped/dhl_express.toml",
        'headers = { Accept = "application/json", x-version = "3.1.1" }\nquery = { shipper',
        'headers = { Accept = "application/json" }\nquery = { shipper',
        "tests/unit/test_carrier_descriptions.py",
        only="what_is_asked",
    ),
    bug(
        "a firewall's page counts as a wrong password",
        "syncctl/carriers/classify.py",
        "not throttled and not _speaks_of_keys(reply, code, text):",
        "False:",
        T_PODS,
        only="says_nothing_of_the_keys",
    ),
    bug(
        "the log takes what others wrote as it is",
        "syncctl/log.py",
        "escaped(self.clean(record.getMessage()))",
        "self.clean(record.getMessage())",
        "tests/unit/test_log.py",
    ),
    bug(
        "what a customer wrote moves the cursor",
        "syncctl/cli/output.py",
        "text if control else without_controls(text)",
        "text",
        "tests/unit/test_output.py",
        only="cursor",
    ),
    bug(
        "a read-only key is found by the first order",
        "syncctl/services/check_config.py",
        "store.ping(writing=True)",
        "store.ping()",
        "tests/acceptance/test_cli.py",
        only="read_only",
    ),
    bug(
        "of several customers who may be meant the first is taken",
        CUSTOMERS,
        "    if not rows and len(candidates) < 2:\n",
        "    if not rows and candidates or len(candidates) < 2:\n",
        "tests/contract/test_ambiguous_customer.py",
        only="two_customers",
    ),
    bug(
        "a row of the map decides though it has another address than the order",
        CUSTOMERS,
        "if email is None or same_address(",
        "if email or same_address(",
        "tests/contract/test_ambiguous_customer.py",
        only="another_address or new_address",
    ),
    bug(
        "what a person changed of a customer in the ERP is overwritten",
        "syncctl/db/embedded/customer_fields.py",
        """return "write" if store_decides or (rows and not erp_changed) else "keep\"""",
        """return "write\"""",
        "tests/conformance/test_customers.py",
        only="by_hand",
    ),
    bug(
        "another customer's e-mail address is written",
        "syncctl/db/embedded/customer_fields.py",
        """taken = part == "e-mail" and other is not None""",
        """taken = False""",
        "tests/conformance/test_customers.py",
        only="somebody_else",
    ),
    bug(
        "of several customers with an e-mail address the first is taken",
        "syncctl/db/embedded/sync_customer.py",
        """chosen = candidates if len(candidates) == 1 else fitting""",
        """chosen = candidates[:1] if candidates else fitting""",
        "tests/conformance/test_customers.py",
        only="several",
    ),
    bug(
        "a slower filler of a queue of customers writes its page all the same",
        "syncctl/db/embedded/customer_queues.py",
        """if queue["fill_cursor"] != call.from_cursor:""",
        """if queue["fill_cursor"] < "":""",
        "tests/contract/test_customer_queue.py",
        only="slower_filler",
    ),
    bug(
        "one customer's error takes along what others wrote",
        "syncctl/db/embedded/customer_lines.py",
        """session.run("ROLLBACK TO customer")""",
        """session.run("ROLLBACK")""",
        "tests/contract/test_customer_queue.py",
        only="erp_refuses_of_one",
    ),
    bug(
        "the rest between batches is a duty",
        "syncctl/services/pace.py",
        """self._rest = self._rest / 2 if self._rest > _SHORTEST else 0.0""",
        """self._rest = self.longest""",
        "tests/integration/test_customer_queue.py",
        only="rest_between",
    ),
    bug(
        "an order goes on though nobody can tell whose it is",
        "syncctl/db/embedded/customer_orders.py",
        """        if found is None:
            continue
""",
        "",
        "tests/contract/test_customer_queue.py",
        only="orders_that_wait",
    ),
    bug(
        "the customer map is asked for whatever store",
        CUSTOMERS,
        """            STORE_ID = :store
            OR STORE_ID = ''
            AND NOT EXISTS""",
        """            STORE_ID <> ''
            OR STORE_ID = ''
            AND NOT EXISTS""",
        "tests/contract/test_store_customers.py",
        only="first_stores or address_that",
    ),
    bug(
        "a row of the map without a store counts in each of several",
        CUSTOMERS,
        """if any(row["STORE_ID"] == "" for row in found) and has_other_stores(session, store_id):""",
        "if False:",
        "tests/contract/test_store_customers.py",
        only="there_are_two",
    ),
    bug(
        "a customer that is made is every store's",
        CUSTOMERS,
        """                "store": staged["STORE_ID"],
                "cust_no": cust_no,
""",
        """                "store": "",
                "cust_no": cust_no,
""",
        "tests/contract/test_store_customers.py",
        only="that_is_made",
    ),
    bug(
        "a cost that no column holds is found by the ERP",
        "syncctl/db/embedded/validate.py",
        "if abs(line.quantity * item.cost) >= _HIGHEST_SUM:",
        "if False:",
        "tests/contract/test_too_large.py",
    ),
    bug(
        "a tracking number goes to the store as it was pasted",
        "syncctl/db/embedded/erp.py",
        """if unicodedata.category(letter)[0] not in "ZC").upper()""",
        """).upper()""",
        "tests/contract/test_status_changes.py",
        only="plain",
    ),
    bug(
        "a line in the document goes by the SKU of today",
        "syncctl/db/embedded/erp.py",
        "known = linked_item(session, staged, line) or mapped_item(",
        "known = mapped_item(",
        "tests/contract/test_kept_items.py",
        only="price_is_compared",
    ),
    bug(
        "a line keeps its item though it is another product",
        "syncctl/db/embedded/erp.py",
        "OR (PRODUCT_ID <> 0 AND :product IN (PRODUCT_ID, 0) AND :variation IN (VARIATION_ID, 0))",
        "OR (:product >= 0 AND :variation >= 0)",
        "tests/contract/test_kept_items.py",
        only="another_product or another_variation",
    ),
    bug(
        "a refund that the order alone names is forgotten",
        "syncctl/stores/woocommerce_refunds.py",
        "            found.append((named, refund_amount(named)))\n",
        "            found.append((named, Decimal(0)))\n",
        "tests/unit/test_woocommerce_orders.py",
        only="two_lists",
    ),
    bug(
        "any difference passes for rounding",
        "syncctl/stores/woocommerce_orders.py",
        "if abs(gap) <= within:",
        "if within:",
        "tests/unit/test_woocommerce_orders.py",
        only="more_than_rounding or round_figures",
    ),
    bug(
        "a total of three decimals is cut in silence",
        "syncctl/db/embedded/validate.py",
        "if amount is not None and amount != cents(amount):",
        "if amount is None:",
        "tests/contract/test_money.py",
        only="three_decimals or thousandth",
    ),
    bug(
        "what is cut of a text is lost",
        "syncctl/db/embedded/counterpoint/code_page.py",
        "        if lost or cut_to:\n",
        "        if lost:\n",
        "tests/contract/test_long_texts.py",
        only="told_with_its_columns or note_all",
    ),
    bug(
        "a run takes a claim again that it has had",
        POD,
        "passed=json.dumps(self._passed) if self._passed else None,",
        "passed=None,",
        T_POD_ODD,
        only="taken_once or asked_about_twice",
    ),
    bug(
        "the database forgets which claims a run has had",
        "syncctl/db/embedded/pod_claims.py",
        "AND (:passed IS NULL OR claim.id NOT IN",
        "AND (TRUE OR claim.id NOT IN",
        "tests/contract/test_pod.py",
        only="run_has_had",
    ),
    bug(
        "a mark or an accent makes another carrier",
        "syncctl/carriers/catalog.py",
        'return "".join(letter for letter in spread if letter.isalnum())',
        "return spread",
        T_POD_ODD,
        only="wanted_in_all_its_spellings",
    ),
    bug(
        "one claim's refusal counts as a wrong password",
        "syncctl/services/systems.py",
        "if check():",
        "if False:",
        T_POD_ODD,
        only="one_parcel_that_is_refused",
    ),
    bug(
        "one refusal condemns a carrier that can't be asked",
        "syncctl/services/systems.py",
        "REFUSALS = 2",
        "REFUSALS = 1",
        T_POD_ODD,
        only="one_refusal_alone",
    ),
    bug(
        "a wrong password fails all the carrier's claims",
        POD,
        '        self._excluded.add(claim.carrier or "")\n',
        "",
        T_POD_ODD,
        only="wrong_password",
    ),
    bug(
        "a carrier that is down burns its claims' retries",
        POD,
        "if concern in (Concern.SYSTEM, Concern.SETUP):",
        "if concern is Concern.SETUP:",
        T_POD_ODD,
        only="costs_its_claims_nothing",
    ),
    bug(
        "not delivered yet has no end",
        "syncctl/db/embedded/pod_outcomes.py",
        'if call.outcome == "not_yet" and _is_enough(',
        'if call.outcome == "never" and _is_enough(',
        "tests/contract/test_pod.py",
        T_POD_ODD,
        only="not_yet",
    ),
    bug(
        "a carrier is asked for a document that can't be kept",
        POD,
        "self.documents.check()",
        "pass",
        T_POD_ODD,
        only="found_before_a_carrier",
    ),
    bug(
        "a mail server that is down burns every message's tries",
        "syncctl/services/notifications.py",
        "if concern is Concern.ROW:",
        "if True:",
        "tests/contract/test_notifier.py",
        only="costs_the_messages_nothing",
    ),
    bug(
        "a message that kills its senders is tried for ever",
        "syncctl/db/embedded/notifications.py",
        "WHERE STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now AND ATTEMPT_NO >= :most",
        "WHERE 1 = 0 AND :now >= :most",
        "tests/contract/test_notifications.py",
        only="kills_its_senders",
    ),
    bug(
        "what concerns one order is blamed on the keys",
        "syncctl/services/work_loop.py",
        "return Blame(Concern.ROW, error.of_one_row())",
        "return Blame(Concern.ROW, error)",
        "tests/integration/test_write_back.py",
        only="not_blamed_on_keys",
    ),
    bug(
        "one odd address counts as a wrong setting",
        "syncctl/notify/channels.py",
        'raise AddressRefused(f"{address!r} is no mail address.")',
        'raise ConfigError(f"{address!r} is no mail address.")',
        "tests/contract/test_notifier.py",
        only="odd_address",
    ),
    bug(
        "what gives up asks nobody at the terminal",
        CONFIRM,
        "    if yes:\n        return\n",
        "    return\n",
        T_GIVING_UP,
        only="answer_is_no",
    ),
    bug(
        "without a terminal nobody has to say yes",
        CONFIRM,
        "if not (yes or dry_run or can_ask(run)):",
        "if False:",
        T_GIVING_UP,
        only="without_a_terminal",
    ),
    bug(
        "all means the first page of dead letters",
        "syncctl/services/dead_letters.py",
        "if len(page) < _PAGE:",
        "if True:",
        T_GIVING_UP,
        only="first_thousand",
    ),
    bug(
        "what moved on since it was given up is reopened",
        "syncctl/db/embedded/dead_letters.py",
        ' and order["STATE_REASON"] == _given_up(letter)',
        "",
        "tests/contract/test_reopen.py",
    ),
    bug(
        "any command makes a database",
        "syncctl/cli/database.py",
        "create=use.makes,",
        "create=True,",
        T_DATABASES,
        only="makes_none",
    ),
    bug(
        "a database of a newer version is worked on",
        "syncctl/db/embedded/engine.py",
        "if found > known:",
        "if False:",
        T_DATABASES,
        only="newer_database",
    ),
    bug(
        "what is written is for every account",
        "syncctl/private_files.py",
        "FILE_MODE = 0o600",
        "FILE_MODE = 0o644",
        T_DATABASES,
        only="account_alone",
    ),
    bug(
        "the job lock goes by how the database's name is written",
        "syncctl/db/connect.py",
        "os.path.realpath(embedded_path(url))",
        "url",
        "tests/unit/test_connect.py",
    ),
    Bug(
        "output that finds no room ends in a traceback",
        tuple(
            Edit(
                "syncctl/cli/streams.py",
                f"self._stream.{done}\n            except (OSError, ValueError) as error:\n                self._lose(error)\n",
                f"self._stream.{done}\n            finally:\n                pass\n",
            )
            for done in ("write(text)", "flush()")
        ),
        ("tests/acceptance/test_unreachable_words.py",),
        only="finds_no_room",
    ),
    bug(
        "Shopify: a cursor is gone on from in a list that moves",
        "syncctl/stores/shopify_walk.py",
        "                reached, cursor = settled, None",
        "                reached, cursor = reached, page.cursor",
        T_SHOPIFY_POLL,
        only="moves",
    ),
    bug(
        "Shopify: lines of before and after an edit make one order",
        "syncctl/stores/shopify_whole.py",
        'if order is None or order.get("updatedAt") != raw.get("updatedAt"):',
        "if order is None:",
        T_SHOPIFY_POLL,
        T_SHOPIFY_CLIENT,
        only="edited_while",
    ),
    bug(
        "Shopify: what was returned is booked all the same",
        "syncctl/stores/shopify_orders.py",
        'Decimal(whole_field(item, "currentQuantity"))',
        'Decimal(whole_field(item, "quantity"))',
        T_SHOPIFY_ORDERS,
        only="left",
    ),
    bug(
        "Shopify: a note of ours replaces the customer's",
        "syncctl/stores/shopify_notes.py",
        'whole = f"{before.rstrip()}\\n{block}" if before.strip() else block',
        "whole = block",
        "tests/integration/test_shopify_write_back.py",
        only="appended",
    ),
    bug(
        "Shopify: an order that is hidden from the app counts as deleted",
        "syncctl/stores/shopify.py",
        'if self._scopes is not None and not self._may("read_all_orders"):',
        "if False:",
        T_SHOPIFY_CLIENT,
        only="shown",
    ),
    bug(
        "Shopify: nobody waits for the points",
        "syncctl/stores/shopify_http.py",
        "self._sleep(self.bucket.take(points))",
        "self._sleep(0 * self.bucket.take(points))",
        T_SHOPIFY_CLIENT,
        only="bucket",
    ),
    bug(
        "RMS: shipping that falls away takes its entry with it",
        "syncctl/db/embedded/rms/document.py",
        "if entry is None and number != SHIPPING:",
        "if entry is None:",
        "tests/conformance/test_rms.py",
        only="shipping_entry",
    ),
    bug(
        "RMS: the tax is rounded entry by entry",
        "syncctl/db/embedded/rms/entries.py",
        "return cents(sum((price - price / (1 + site.tax_rate) for price in taxed), _NOTHING))",
        "return sum((cents(price - price / (1 + site.tax_rate)) for price in taxed), _NOTHING)",
        "tests/conformance/test_rms.py",
        only="rounded_once",
    ),
    bug(
        "RMS: an order whose comment only begins alike is taken over",
        "syncctl/db/embedded/rms/former.py",
        "OR (former.Comment = :comment AND",
        "OR (former.Comment LIKE :comment || '%' AND",
        "tests/conformance/test_rms.py",
        only="another_number",
    ),
    bug(
        "RMS: what was picked up is changed all the same",
        "syncctl/db/embedded/rms/state.py",
        "    if picked:\n",
        "    if False:\n",
        "tests/conformance/test_document_port.py",
        only="touched",
    ),
    bug(
        "a price of 0 is told to the store",
        "syncctl/db/embedded/web_prices.py",
        '(no_price or (wanted.regular is not None and wanted.regular <= 0), "unpriced"),',
        '(False, "unpriced"),',
        "tests/conformance/test_price_port.py",
        only="wanted_by_nobody",
    ),
    bug(
        "the tax of a price goes in where it should go out",
        "syncctl/db/embedded/web_prices.py",
        "amount * (1 + rate) if call.includes_tax else amount / (1 + rate)",
        "amount / (1 + rate) if call.includes_tax else amount * (1 + rate)",
        "tests/conformance/test_price_port.py",
        only="tax_goes",
    ),
    bug(
        "a sale that is over is told again and again",
        "syncctl/db/embedded/web_prices.py",
        "is_over = in_order and ends is not None and ends <= now",
        "is_over = False",
        "tests/conformance/test_rms_prices.py",
    ),
    bug(
        "a price that jumps is told without a person",
        "syncctl/services/price.py",
        "        apart = {change.product_id for change in waiting}\n",
        "        apart = set()\n",
        "tests/acceptance/test_price.py",
        only="third",
    ),
    bug(
        "a price is told that WooCommerce didn't take",
        "syncctl/stores/woocommerce_prices.py",
        "return None if now == write.asked else",
        "return None if now else",
        "tests/unit/test_woocommerce_prices.py",
    ),
    bug(
        "RMS: a quote commits stock",
        "syncctl/db/embedded/rms/document.py",
        'COMMITTED if held["Type"] == WORK_ORDER else NOT_COMMITTED',
        "COMMITTED",
        "tests/conformance/test_rms.py",
        only="quote",
    ),
    bug(
        "RMS: floats are compared as they are",
        "syncctl/db/embedded/rms/site.py",
        'return Decimal(repr(float(value))).quantize(Decimal("0.0001"))',
        "return Decimal(repr(float(value)))",
        "tests/conformance/test_rms.py",
        only="floats",
    ),
    bug(
        "RMS: a person's shipping notes are written over",
        "syncctl/db/embedded/rms/notes.py",
        'if not is_new and known is not None and known["HELD_HASH"] !=',
        'if False and known is not None and known["HELD_HASH"] !=',
        "tests/conformance/test_rms.py",
        only="outlive",
    ),
)


def copy_of(root: Path, folder: Path) -> Path:
    """Copy the repository."""
    copied = folder / "tree"
    shutil.copytree(root, copied, ignore=LEFT_OUT)
    return copied


def planted(root: Path, wanted: Bug) -> dict[Path, str]:
    """Return the files with the bug in them.

    Raises:
        NoLongerFits: a text isn't there exactly once.
    """
    texts: dict[Path, str] = {}
    for edit in wanted.edits:
        path = root / edit.path
        text = texts.get(path) or path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            raise NoLongerFits(f"{wanted.name}: {edit.path} has this text {text.count(edit.old)} times, not once:\n{edit.old}")
        texts[path] = text.replace(edit.old, edit.new)
    return texts


def run_tests(tree: Path, tests: Iterable[str], only: str = "") -> tuple[int, str]:
    """Run tests in a copy, with the copy's own package, and return pytest's exit code and its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SYNCCTL_", "PYTEST_"))}
    # Compiled files are told from sources by their second and size: two bugs may have both in common.
    environment |= {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    selected = f"not sqlserver and ({only})" if only else "not sqlserver"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", selected, *tests]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout + done.stderr


def uses_its_own_package(tree: Path) -> bool:
    """Tell whether Python finds the copy's syncctl there, not an installed one: bugs elsewhere would prove nothing."""
    script = "import syncctl; print(syncctl.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    found = subprocess.run([sys.executable, "-c", script], cwd=tree, env=environment, capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()).resolve().is_relative_to(tree.resolve())


def try_bug(tree: Path, wanted: Bug) -> tuple[str, str]:
    """Plant a bug, run its tests, take it out again. Returns the verdict (red, SURVIVED, BROKEN) and the output."""
    texts = planted(tree, wanted)
    before = {path: path.read_text(encoding="utf-8") for path in texts}
    try:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8", newline="\n")
        code, output = run_tests(tree, wanted.tests, wanted.only)
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    # A copy that can't even be imported proves nothing about the tests.
    broken = code not in (ALL_PASSED, SOME_FAILED) or any(sign in output for sign in ("SyntaxError", "error during collection"))
    return ("BROKEN" if broken else "red" if code == SOME_FAILED else "SURVIVED"), output


def main(arguments: Sequence[str]) -> int:
    """Plant them all, print a table, and return 1 where one survives."""
    parser = argparse.ArgumentParser(prog="plant_bugs.py", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("words", nargs="*", help="only bugs whose names contain one of these")
    parser.add_argument("--list", action="store_true", help="name the bugs and their tests, and run nothing")
    given = parser.parse_args(arguments)
    chosen = [each for each in BUGS if not given.words or any(word in each.name for word in given.words)]
    if given.list or not chosen:
        for each in chosen:
            print(f"{each.name}: {' '.join(each.tests)}{f' -k {each.only!r}' if each.only else ''}")
        return 0 if chosen else 2
    with tempfile.TemporaryDirectory(prefix="syncctl-teeth-") as folder:
        tree = copy_of(ROOT, Path(folder))
        try:
            for each in chosen:
                planted(tree, each)
        except NoLongerFits as error:
            print(f"plant_bugs.py: {error}", file=sys.stderr)
            return 1
        if not uses_its_own_package(tree):
            print("plant_bugs.py: the copy would test the installed syncctl, not its own.", file=sys.stderr)
            return 1
        return report(tree, chosen)


def report(tree: Path, chosen: Sequence[Bug]) -> int:
    """Run the tests of each bug without and with it, and print what came of it."""
    failed: list[str] = []
    width = max(len(each.name) for each in chosen)
    for each in chosen:
        began = time.monotonic()
        code, output = run_tests(tree, each.tests, each.only)
        verdict = "NOT GREEN WITHOUT IT"
        if code == ALL_PASSED:
            verdict, output = try_bug(tree, each)
        print(f"{each.name:<{width}}  {verdict:<8}  {time.monotonic() - began:5.1f} s", flush=True)
        if verdict != "red":
            failed.append(each.name)
            print("\n".join(f"    {line}" for line in output.splitlines()[-15:]), flush=True)
    print(f"{len(chosen) - len(failed)} of {len(chosen)} bugs turn the tests red.")
    for name in failed:
        print(f"not shown: {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
