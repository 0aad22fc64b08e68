"""Requests begun before their turn: never more at once than the store bears, and none for nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from syncctl.stop import Never, Stop
from syncctl.stores.ahead import Ahead


@dataclass
class Call:
    """A request that ends when the test says so."""

    done: bool = False
    given_up: bool = False
    waited: int = 0

    def give_up(self) -> None:
        self.given_up = True

    def wait(self, _seconds: float) -> bool:
        self.waited += 1
        self.done = self.waited > 2
        return self.done


@dataclass
class Asked:
    key: str
    call: Call = field(default_factory=Call)


class Session:
    """Requests by their names, in the order in which they were begun."""

    def __init__(self, connections: int = 3) -> None:
        self.begun: list[Asked] = []
        self.ahead = Ahead(connections, stop=Never())

    def expect(self, keys: str, lane: str = "pages") -> None:
        def begin(key: str) -> Any:
            self.begun.append(Asked(key))
            return self.begun[-1]

        self.ahead.expect(lane, {key: lambda key=key: begin(key) for key in keys})  # type: ignore[misc]

    @property
    def keys(self) -> str:
        return "".join(asked.key for asked in self.begun)

    def end(self, keys: str) -> None:
        for asked in self.begun:
            asked.call.done = asked.call.done or asked.key in keys

    @property
    def running(self) -> int:
        return sum(not asked.call.done for asked in self.begun)


def test_no_more_are_under_way_than_connections_and_each_that_is_taken_makes_room():
    session = Session()
    session.expect("abcde")
    assert session.keys == "abc"
    session.end("ab")
    session.expect("abcde")
    assert session.keys == "abc", "answers that wait keep their places"
    assert session.ahead.take("a") is session.begun[0]
    assert session.keys == "abcd"
    assert session.ahead.take("e") is None, "not under way: it is to be made"
    assert session.ahead.take("unforeseen") is None


def test_what_is_foreseen_no_more_is_given_up_and_counts_until_it_ends():
    session = Session()
    session.expect("abc")
    session.expect("bxy")
    assert [asked.call.given_up for asked in session.begun] == [True, False, True]
    assert session.keys == "abc"
    session.end("ac")
    session.expect("bxy")
    assert session.keys == "abcxy"
    session.ahead.close()
    assert all(asked.call.given_up or asked.call.done for asked in session.begun)


def test_refunds_go_before_the_next_pages():
    session = Session()
    session.expect("abc")
    session.end("abc")
    session.expect("1234", lane="refunds")
    assert session.keys == "abc123"
    session.ahead.take("1")
    assert session.running <= 3


def test_with_one_connection_nothing_is_asked_before_its_turn():
    session = Session(connections=1)
    session.expect("abc")
    assert session.keys == ""


def test_a_store_that_asks_for_rest_is_left_alone_and_then_asked_over_one_connection():
    for status in (429, 503):
        session = Session()
        session.ahead.answered("pages", status, 0.1)
        session.expect("abc")
        assert (session.keys, session.ahead.allowed) == ("", 0)
        session.ahead.answered("pages", 200, 0.1)
        session.expect("abc")
        assert session.keys == "a"
        session.ahead.failed()
        assert session.ahead.allowed == 0


def test_connections_become_more_again_one_by_one_and_never_more_than_they_may_be():
    session = Session()
    session.ahead.failed()
    seen = []
    for _ in range(60):
        session.ahead.answered("pages", 200, 0.1)
        seen.append(session.ahead.allowed)
    assert seen == sorted(seen)
    assert set(seen) == {1, 2, 3}
    assert seen[5] == 1


def test_answers_that_take_much_longer_are_over_too_many_connections():
    session = Session()
    session.ahead.answered("pages", 200, 0.2)
    session.ahead.answered("refunds", 200, 0.9)
    assert session.ahead.allowed == 3, "another kind of request"
    session.ahead.answered("pages", 200, 0.69)
    assert session.ahead.allowed == 3
    for _ in range(4):
        session.ahead.answered("pages", 200, 0.81)
    assert session.ahead.allowed == 1


def test_a_request_that_was_not_foreseen_waits_until_there_is_room_unless_the_run_is_to_stop():
    session = Session()
    session.expect("abc")
    session.ahead.make_room()
    assert session.running == 2
    stop = Stop()
    stop.set()
    stopped = Ahead(2, stop=stop)
    asked: list[Any] = [Asked("a"), Asked("b")]
    stopped.expect("pages", {"a": lambda: asked[0], "b": lambda: asked[1]})
    stopped.make_room()
    assert not any(each.call.done for each in asked)
