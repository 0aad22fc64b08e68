"""Tracking numbers as printed and pasted, and their check digits: published ones are right, with a digit off they are wrong."""

from __future__ import annotations

import pytest

from syncctl.carriers.numbers import numbers_of, plain_number
from syncctl.carriers.standing import by_words, judge
from tests.pods import shipped

RIGHT = {
    "ups": ["1Z5R89390357567127", "1Z879E930346834440", "1Z410E7W0392751591", "1Z999AA10123456784", "K1506235620", "J4603636537"],
    "fedex": ["986578788855", "477179081230", "799531274483", "041441760228964", "568283610012000", "9611020987654312345672"],
    "dhl_express": ["3318810025", "73891051146", "8487135506", "1099255990"],
    "dpd": ["09980000020033F", "09980000020034D", "008182709980000020033350276C"],
    "laposte": ["EW112720413FR", "RB123456785GB"],
    "chronopost": ["XN081879383FR"],
}
OTHER = {
    "ups": ["1ZPOD00000001", "92419900000033499522966220"],
    "fedex": ["61299998820821171811"],
    "dhl_express": ["JD014600006281230704", "1234567"],
    "dpd": ["01234567890123"],
    "laposte": ["6A15602676300", "8L12345678901"],
    "chronopost": ["89108749065090"],
}
"""Numbers of a shape that has no published check digit: the carrier is asked."""


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, each in RIGHT.items() for number in each])
def test_a_published_number_is_asked_for_and_with_a_digit_misread_it_isnt(name, number):
    numbers = shipped(name).numbers
    assert numbers.fault(number) is None
    at = max(at for at, letter in enumerate(number[:-1]) if letter.isdigit())
    misread = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    assert "check digit" in (numbers.fault(misread) or "")


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, each in OTHER.items() for number in each])
def test_a_number_of_another_shape_is_left_to_the_carrier(name, number):
    assert shipped(name).numbers.fault(number) is None


@pytest.mark.parametrize(
    ("name", "number", "says"),
    [
        ("ups", "1Z9", "3 characters"),
        ("ups", "1" * 35, "not 7 to 34"),
        ("gls", "XN081", "digits only"),
        ("gls", "1" * 19, "19 characters"),
    ],
)
def test_what_cant_be_a_number_of_the_carriers_is_said(name, number, says):
    assert says in (shipped(name).numbers.fault(number) or "")


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("1Z 999 AA1 01 2345 6784", "1Z999AA10123456784"),
        ("1z999aa10123456784", "1Z999AA10123456784"),
        ("\u20661Z999AA10123456784\u200e\ufeff", "1Z999AA10123456784"),
        ("１Ｚ９９９ＡＡ１", "1Z999AA1"),
        ("0012 3450", "00123450"),
        ("\t \u00a0", ""),
        (None, ""),
    ],
)
def test_a_number_is_taken_as_it_is_printed(typed, plain):
    assert plain_number(typed) == plain


@pytest.mark.parametrize(
    ("typed", "several"),
    [
        ("1Z 999, 1Z 998;1z999\n 1Z 997 |", ["1Z 999", "1Z 998", "1Z 997"]),
        ("A/B é", ["A/B é"]),
        (" , ;", []),
        ("", []),
        (None, []),
    ],
)
def test_a_claim_may_have_several_numbers(typed, several):
    assert numbers_of(typed) == several


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ("Livré au destinataire", "delivered"),
        ("DISTRIBUE", "delivered"),
        ("Envoi en cours de livraison", None),
        ("Colis non livré, destinataire absent", "not_yet"),
        ("Colis à livrer", None),
        ("Retour à l'expéditeur", "returned"),
        ("Votre colis a été égaré", "lost"),
        ("Delivered, front desk", "delivered"),
        ("Could not be delivered", "not_yet"),
        ("Returned to shipper", "returned"),
        ("Die Sendung wurde zugestellt.", "delivered"),
        ("Die Sendung konnte nicht zugestellt werden", "not_yet"),
        ("Zurück an den Absender", "returned"),
        ("Sendung verloren", "lost"),
        ("Entregado", "delivered"),
        ("Devuelto al remitente", "returned"),
        ("Consegnata", "delivered"),
        ("Afgeleverd bij de buren", "delivered"),
        ("Doręczono", "delivered"),
        ("Doreczono", "delivered"),
        ("Whatever", None),
    ],
)
def test_a_status_is_told_by_its_words_in_the_languages_they_come_in(words, standing):
    assert by_words(words) == standing


def test_what_went_back_was_not_delivered_and_what_was_found_was_not_lost():
    known = {"d": "delivered", "r": "returned", "l": "lost", "11": "delivered"}
    assert judge(["D", "R"], known) == "returned"
    assert judge(["l", "d"], known) == "delivered"
    assert judge(["011"], known) == "delivered"
    assert judge(["?"], known) is None
