"""The table of SKUs and items as a file: what a spreadsheet does to it, and what people write into it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from syncctl.db.contract import WebItem
from syncctl.errors import UsageError
from syncctl.services.item_map import ItemRow
from syncctl.services.item_table import SaidItem, read_table, write_table

D = Decimal


def read(folder: Path, text: str) -> list[SaidItem]:
    path = folder / "items.csv"
    path.write_bytes(text.encode("utf-8"))
    return read_table(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as raised:
        read(folder, text)
    return str(raised.value)


def test_what_is_written_is_read_and_changes_nothing(tmp_path: Path):
    rows = [
        ItemRow(standing="matched", sku="MUG", name="Mug, blue", item_no="MUG", description='A "mug"', pack_qty=D("6.0000")),
        ItemRow(standing="store_only", sku="=1+1", name="Für Zoë", reserve_qty=D("2.5"), is_off=True),
        ItemRow(standing="store_only", name="nameless"),
        ItemRow(standing="erp_only", item_no="-7", description="@home"),
    ]
    text = write_table(rows)
    assert text.startswith("\ufeffSKU,NAME,ITEM_NO,") and "'=1+1" in text and "'-7,'@home" in text
    mug, odd = read(tmp_path, text)
    before = WebItem("shop", "MUG", D(1), None, False)
    assert (mug.sku, mug.item_no) == ("MUG", "MUG")
    assert mug.over(before) == WebItem("shop", "MUG", D(6), None, False)
    assert (odd.sku, odd.item_no) == ("=1+1", "")
    assert odd.over(before) == WebItem("shop", "MUG", D(1), D("2.5"), True)


def test_columns_that_are_missing_say_nothing(tmp_path: Path):
    [said] = read(tmp_path, "item_no;Sku\nMUG-2;MUG\n;\n")
    before = WebItem("shop", "MUG", D(6), D(2), True)
    assert (said.sku, said.item_no, said.over(before)) == ("MUG", "MUG-2", before)


def test_a_decimal_comma_is_taken_where_it_parts_no_columns(tmp_path: Path):
    [said] = read(tmp_path, "SKU;PACK\nMUG;2,5\n")
    assert said.pack_qty == D("2.5")
    assert "PACK 2,5 is no number" in refused(tmp_path, 'SKU,PACK\nMUG,"2,5"\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line"),
        ("NAME,PACK\n", "first line"),
        ("SKU,PACK\nMUG,many\n", "line 2: PACK many"),
        ("SKU,PACK\nMUG,0\n", "line 2: PACK must be above 0"),
        ("SKU,PACK\nMUG,-1\n", "line 2: PACK -1"),
        ("SKU,PACK\nMUG,1e400\n", "line 2: PACK 1e400"),
        ("SKU,RESERVE\nMUG,1.23456\n", "RESERVE 1.23456"),
        ("SKU,OFF\nMUG,perhaps\n", "OFF perhaps"),
        ("SKU,PACK\nMUG,1\nmug,2\n", "line 3: it says of SKU mug something else than line 2"),
        ('SKU,NAME\n"MUG\n', "no CSV file"),
        ("SKU,PACK\nCAP,2,,\nMUG,1,5\n", "line 3: it has more columns"),
        ("SKU,PACK,pack\nMUG,1,2\n", "names PACK more than once"),
    ],
)
def test_what_makes_no_sense_is_named_by_its_line(tmp_path: Path, text: str, said: str):
    assert said in refused(tmp_path, text)


def test_many_faults_are_counted_and_a_doubled_sku_that_says_the_same_is_none(tmp_path: Path):
    assert "and 5 more" in refused(tmp_path, "SKU,PACK\n" + "".join(f"S-{number},x\n" for number in range(15)))
    assert len(read(tmp_path, "SKU,PACK\nMUG,2\nMUG,2.0\n")) == 1


def test_a_file_that_is_none_of_ours_is_said_so(tmp_path: Path):
    path = tmp_path / "items.csv"
    with pytest.raises(UsageError, match="can't be read"):
        read_table(path)
    with pytest.raises(UsageError, match="can't be read"):
        read_table(tmp_path)
    path.write_bytes("SKU\nGrün\n".encode("cp1252"))
    with pytest.raises(UsageError, match="CSV UTF-8"):
        read_table(path)
    with path.open("wb") as file:
        file.truncate(33 * 1024 * 1024)
    with pytest.raises(UsageError, match="larger than 32 MB"):
        read_table(path)
