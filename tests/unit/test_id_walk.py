"""The walk through a list that hides rows, caps its pages or miscounts itself: everything shown is read, once, and it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings, strategies as st

from syncctl.stores.walk import MAX_EMPTY_PAGES, IdWalk, Row, Rows, Step


@dataclass
class Host:
    """A list of ids, some hidden after the page was cut, and a host with its own ideas of paging."""

    listed: list[int]
    hidden: set[int] = field(default_factory=set)
    cap: int = 100
    fixed: int = 0
    ignores_offset: bool = False
    totals: Callable[[int, int, list[int]], int | None] = lambda length, offset, found: length
    asked: int = 0
    before: Callable[[int], None] = lambda _: None

    def fetch(self, paging: dict[str, str]) -> Rows:
        self.asked += 1
        assert self.asked < 3000, "it doesn't end"
        self.before(self.asked)
        size = self.fixed or min(int(paging["per_page"]), self.cap)
        offset = (int(paging.get("page", "1")) - 1) * size
        if "offset" in paging and not self.ignores_offset:
            offset = int(paging["offset"])
        found = sorted(self.listed)[offset : offset + size]
        total = self.totals(len(self.listed), offset, found)
        return Rows([Row(number, {}) for number in found if number not in self.hidden], total)


def read(host: Host, batch_size: int = 50, **place: int) -> list[Step]:
    steps = list(IdWalk(fetch=host.fetch, batch_size=batch_size, **place).steps())
    assert all(len(step.rows) <= batch_size for step in steps)
    assert [step.finished for step in steps] == [False] * (len(steps) - 1) + [True]
    return steps


def ids(steps: Iterable[Step]) -> list[int]:
    return [row.id or 0 for step in steps for row in step.rows]


def past_the_end(length: int, offset: int, found: list[int]) -> int:
    """A page past the end counts nothing at all."""
    return length if found else 0


def first_only(length: int, offset: int, found: list[int]) -> int | None:
    return length if offset == 0 else None


def none_at_all(length: int, offset: int, found: list[int]) -> int | None:
    return None


COUNTS = {"right": lambda length, offset, found: length, "past_the_end": past_the_end, "first_only": first_only}
every_count = pytest.mark.parametrize("totals", COUNTS.values(), ids=COUNTS.keys())


@every_count
@pytest.mark.parametrize(
    ("hidden", "length"),
    [
        (range(51, 161), 200),
        (range(60), 80),
        (range(110, 200), 200),
        (range(199), 200),
        (range(200), 200),
        (range(0, 200, 2), 200),
    ],
    ids=["middle", "front", "end", "all but the last", "all", "every second"],
)
@pytest.mark.parametrize("batch_size", [1, 7, 50, 100])
def test_hidden_rows_do_not_end_the_walk(hidden, length, batch_size, totals):
    host = Host(list(range(1000, 1000 + length)), {1000 + number for number in hidden}, totals=totals)
    steps = read(host, batch_size)
    assert ids(steps) == [number for number in host.listed if number not in host.hidden]
    assert steps[-1].not_shown == len(host.hidden)


@every_count
@pytest.mark.parametrize("cap", [10, 20, 99])
@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 20, 95, 200])
def test_a_host_that_caps_its_pages_is_read_to_the_end(cap, length, totals):
    host = Host(list(range(1, length + 1)), cap=cap, totals=totals)
    steps = read(host)
    assert ids(steps) == host.listed
    assert steps[-1].not_shown == 0


@every_count
@pytest.mark.parametrize("fixed", [10, 20])
@pytest.mark.parametrize("ignores_offset", [False, True])
@pytest.mark.parametrize("batch_size", [3, 50])
def test_a_host_whose_pages_have_a_size_of_their_own(fixed, ignores_offset, batch_size, totals):
    host = Host(list(range(1, 96)), fixed=fixed, ignores_offset=ignores_offset, totals=totals)
    assert ids(read(host, batch_size)) == host.listed


def test_a_host_that_gives_less_than_ten_rows_loses_none_where_none_is_hidden():
    host = Host(list(range(1, 96)), cap=5)
    assert ids(read(host)) == host.listed


@pytest.mark.parametrize("length", [0, 1, 49, 50, 51, 100, 120])
@pytest.mark.parametrize("cap", [10, 100])
def test_without_a_count_a_list_ends_where_two_pages_are_empty(length, cap):
    host = Host(list(range(1, length + 1)), cap=cap, totals=none_at_all)
    assert ids(read(host)) == host.listed
    assert host.asked <= length // min(cap, 49) + 8


@pytest.mark.parametrize("hidden", [range(40), range(60, 100), range(80, 120), range(51, 161), range(20, 170)])
def test_without_a_count_some_hidden_rows_do_not_end_it_either(hidden):
    host = Host(list(range(220)), set(hidden), totals=none_at_all)
    assert ids(read(host)) == [number for number in host.listed if number not in host.hidden and number]


@pytest.mark.parametrize("hpos", [True, False])
@pytest.mark.parametrize("more", [1, 100, 300, 5_000, 10**9])
def test_a_count_that_is_too_high_ends_too_and_is_told(more, hpos):
    host = Host(list(range(1, 121)), totals=lambda length, offset, found: 0 if hpos and not found and offset else length + more)
    steps = read(host)
    assert ids(steps) == host.listed
    assert steps[-1].not_shown == more
    assert host.asked <= MAX_EMPTY_PAGES + 12


@pytest.mark.parametrize("length", [50, 100, 150])
def test_a_count_that_is_too_low_does_not_end_a_list_at_a_full_page(length):
    host = Host(list(range(1, length + 30)), totals=lambda *_: length)
    assert ids(read(host, 50)) == host.listed


def test_an_honest_list_costs_no_request_more():
    for length, asked in ((0, 1), (1, 1), (49, 1), (99, 2), (100, 3), (149, 3)):
        host = Host(list(range(1, length + 1)))
        assert ids(read(host, 50)) == host.listed
        assert host.asked == asked, length


@pytest.mark.parametrize("cap", [10, 100])
@pytest.mark.parametrize("hidden", [range(0), range(60), range(20, 70)])
def test_a_host_that_ignores_offset_and_hides_rows(hidden, cap):
    host = Host(list(range(1, 131)), set(hidden), cap=cap, ignores_offset=True)
    assert ids(read(host, 30)) == [number for number in host.listed if number not in host.hidden]


def test_a_walk_goes_on_from_its_place_past_hidden_rows():
    host = Host(list(range(1, 301)), set(range(40, 200)))
    walk = IdWalk(fetch=host.fetch, batch_size=20)
    steps = []
    for step in walk.steps():
        steps.append(step)
        if len(ids(steps)) == 40:
            break
    rest = read(host, 20, last_id=steps[-1].last_id, row_offset=steps[-1].row_offset)
    assert ids(steps) + ids(rest) == [number for number in host.listed if number not in host.hidden]


def test_what_leaves_while_a_stretch_of_hidden_rows_is_passed_makes_it_walk_again():
    host = Host(list(range(1, 301)), set(range(40, 200)))

    def before(turn: int) -> None:
        if turn == 4:
            del host.listed[:5]

    host.before = before
    assert [number for number in range(200, 301) if number not in ids(read(host, 20))] == []


def test_rows_without_an_id_are_given_once_with_their_neighbours():
    rows = [Row(1, {}), Row(None, "x"), Row(2, {}), Row(None, "y"), Row(None, "z"), Row(9, {}), Row(None, "last")]

    def fetch(paging: dict[str, str]) -> Rows:
        size = int(paging["per_page"])
        offset = int(paging.get("offset", (int(paging.get("page", "1")) - 1) * size))
        return Rows(rows[offset : offset + size], len(rows))

    for batch_size in (1, 2, 3, 50):
        given_rows = [row for step in IdWalk(fetch=fetch, batch_size=batch_size).steps() for row in step.rows]
        assert [row.id for row in given_rows if row.id] == [1, 2, 9]
        assert sorted(str(row.raw) for row in given_rows if row.id is None) == ["last", "x", "y", "z"]
        assert {row.raw: row.after for row in given_rows if row.id is None} == {"x": 1, "y": 2, "z": 2, "last": 9}
    assert {row.raw: row.before for row in given_rows if row.id is None} == {"x": 2, "y": 9, "z": 9, "last": None}


@settings(max_examples=400, deadline=None)
@given(
    length=st.integers(0, 260),
    hidden=st.lists(st.tuples(st.integers(0, 260), st.integers(1, 150)), max_size=3),
    cap=st.sampled_from([10, 20, 37, 100]),
    ignores_offset=st.booleans(),
    batch_size=st.integers(1, 100),
    count=st.sampled_from(sorted(COUNTS)),
)
@example(length=60, hidden=[(0, 59)], cap=100, ignores_offset=True, batch_size=50, count="right")
@example(length=38, hidden=[], cap=37, ignores_offset=True, batch_size=37, count="first_only")
@example(length=99, hidden=[(0, 2), (3, 97)], cap=10, ignores_offset=True, batch_size=1, count="first_only")
def test_everything_that_is_shown_is_read_once(length, hidden, cap, ignores_offset, batch_size, count):
    host = Host(
        list(range(1, length + 1)),
        {number for first, size in hidden for number in range(first, first + size)},
        cap=cap,
        ignores_offset=ignores_offset,
        totals=COUNTS[count],
    )
    host.hidden &= set(host.listed)
    steps = read(host, batch_size)
    assert ids(steps) == [number for number in host.listed if number not in host.hidden]
    assert steps[-1].not_shown == len(host.hidden)


@settings(max_examples=300, deadline=None)
@given(
    leaving=st.dictionaries(st.integers(1, 30), st.lists(st.integers(0, 300), max_size=20), max_size=8),
    entering=st.dictionaries(st.integers(1, 30), st.lists(st.integers(0, 300), max_size=20), max_size=8),
    hidden=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 40)), max_size=3),
    cap=st.sampled_from([10, 20, 100]),
    ignores_offset=st.booleans(),
    batch_size=st.integers(20, 100),
)
@example(leaving={11: [], 17: [2], 10: [1]}, entering={12: [83]}, hidden=[], cap=10, ignores_offset=False, batch_size=20)
@example(
    leaving={
        1: [43, 131, 143],
        2: [128, 98, 97, 96, 95],
        4: [24, 94, 93],
        13: [236, 300],
        24: list(range(1, 13)),
        26: list(range(14, 24)),
        30: [13, 25, 26, 27, 28, 29, 30, 31, 32],
    },
    entering={},
    hidden=[(165, 20)],
    cap=20,
    ignores_offset=False,
    batch_size=20,
)
@example(leaving={17: [1, 2, 3, 4]}, entering={}, hidden=[(555, 38)], cap=20, ignores_offset=False, batch_size=20)
def test_a_changing_list_that_also_hides_rows_loses_none_that_stays(leaving, entering, hidden, cap, ignores_offset, batch_size):
    host = Host(list(range(2, 602, 2)), cap=cap, ignores_offset=ignores_offset)
    host.hidden = {number for first, size in hidden for number in range(first, first + size)}
    stays = set(host.listed) - host.hidden

    def before(turn: int) -> None:
        now = set(host.listed) - {number * 2 for number in leaving.get(turn, [])}
        stays.intersection_update(now)
        now |= {number * 2 + 1 for number in entering.get(turn, [])}
        host.listed = sorted(now)

    # Where rows leave and others enter between two pages of one stretch of hidden rows, or of pages that the host cuts as it
    # likes, the count can't tell; nor that some left, where a host does both. Not here, then: the nightly reconciliation finds
    # what that hides.
    if hidden or ignores_offset:
        entering.clear()
    if hidden and ignores_offset:
        leaving.clear()
    host.before = before
    found = ids(read(host, batch_size))
    assert found == sorted(set(found))
    assert stays <= set(found)


@settings(max_examples=300, deadline=None)
@given(
    length=st.integers(1, 60),
    batch_size=st.integers(1, 12),
    depth=st.integers(1, 5),
    events=st.lists(st.tuples(st.integers(1, 40), st.booleans(), st.integers(0, 59)), max_size=25),
    hidden=st.sets(st.integers(0, 59), max_size=4),
)
def test_pages_of_an_earlier_moment_lose_no_row_while_others_come_and_go(
    length: int, batch_size: int, depth: int, events: list[tuple[int, bool, int]], hidden: set[int]
) -> None:
    """Every row that is there from the beginning to the end is given once, though pages were asked for before their turn."""
    begin = [1000 + 10 * number for number in range(length)]
    host = Host(list(begin), {1000 + 10 * number for number in hidden if number < length})
    left: set[int] = set()

    def change(asked: int) -> None:
        for when, enters, place in events:
            if when != asked:
                continue
            if enters and 1000 + 10 * place - 5 not in host.listed:
                host.listed.append(1000 + 10 * place - 5)
            elif not enters and place < length and begin[place] in host.listed:
                host.listed.remove(begin[place])
                left.add(begin[place])

    host.before = change
    early: dict[str, Rows] = {}

    def ahead(windows: list[dict[str, str]]) -> None:
        for key in set(early) - {str(window) for window in windows}:
            del early[key]
        for window in windows[:depth]:
            if str(window) not in early:
                early[str(window)] = host.fetch(window)

    def fetch(paging: dict[str, str]) -> Rows:
        return early.pop(str(paging), None) or host.fetch(paging)

    walk = IdWalk(fetch=fetch, batch_size=batch_size, ahead=ahead)
    given = ids(list(walk.steps()))
    assert given == sorted(set(given))
    assert set(begin) - left - host.hidden <= set(given)
    assert early == {}
