"""Plausible values for fields we have no data for. The same field of the same row always gets the same value."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from mock_afas.values import MILLIONTHS

_LONGEST = 80
_MASK = (1 << 64) - 1

_FIRST = ("Anna", "Bram", "Daan", "Emma", "Femke", "Jan", "Lotte", "Maarten", "Noor", "Sanne", "Sem", "Tess")
_LAST = ("Bakker", "de Boer", "de Vries", "Dekker", "Hendriks", "Jansen", "Mulder", "Peters", "Smit", "Visser")
_KINDS = ("Bouw", "Handel", "Logistiek", "Techniek", "Advies", "Zorg", "Groen", "Media", "Transport", "Installaties")
_CITIES = ("Amersfoort", "Breda", "Den Haag", "Eindhoven", "Groningen", "Leusden", "Utrecht", "Venlo", "Zwolle")
_STREETS = ("Dorpsstraat", "Havenweg", "Kerklaan", "Molenweg", "Parkstraat", "Stationsplein", "Westerkade")
_THINGS = ("Abonnement", "Contract", "Controle", "Levering", "Licentie", "Materiaal", "Onderhoud", "Project", "Reis")
_WHEN = ("eerste kwartaal", "tweede kwartaal", "derde kwartaal", "vierde kwartaal", "voorjaar", "najaar", "doorlopend")
_COUNTRIES = ("NL", "B", "D", "F", "GB")
_CURRENCIES = ("EUR", "USD", "GBP", "NOK")

_Chance = Callable[[int], int]
_Maker = Callable[[_Chance], str]


def _chance(seed: int, row: int) -> _Chance:
    """A function that gives a number below its argument, another at each call; all decided by seed and row."""
    state = (seed * 0x9E3779B97F4A7C15 + row * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) & _MASK

    def below(bound: int) -> int:
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return (mixed ^ (mixed >> 31)) % bound

    return below


def _of(words: Sequence[str]) -> _Maker:
    return lambda chance: words[chance(len(words))]


def _digits(chance: _Chance, count: int) -> str:
    return str(chance(9 * 10 ** (count - 1)) + 10 ** (count - 1))


def _person(chance: _Chance) -> str:
    return f"{_of(_FIRST)(chance)} {_of(_LAST)(chance)}"


def _email(chance: _Chance) -> str:
    return f"{_person(chance).lower().replace(' ', '.')}@example.nl"


def _iban(chance: _Chance) -> str:
    account = f"ABNA0{_digits(chance, 9)}"
    number = int("".join(str(int(char, 36)) for char in f"{account}NL00"))
    return f"NL{98 - number % 97:02d}{account}"


def _postal_code(chance: _Chance) -> str:
    return f"{_digits(chance, 4)} {chr(65 + chance(26))}{chr(65 + chance(26))}"


#: What a word in the id of a text field asks for. The first that occurs in it decides.
_TEXTS: tuple[tuple[tuple[str, ...], _Maker], ...] = (
    (("mail",), _email),
    (("iban",), _iban),
    (("phone", "tel", "mob", "fax"), lambda chance: f"06{_digits(chance, 8)}"),
    (("zip", "postal", "postcode"), _postal_code),
    (("city", "plaats", "residence", "recidence"), _of(_CITIES)),
    (("street", "straat", "address", "adres"), lambda chance: f"{_of(_STREETS)(chance)} {chance(200) + 1}"),
    (("country", "land"), _of(_COUNTRIES)),
    (("currency", "valuta"), _of(_CURRENCIES)),
    (("url", "site", "homepage"), lambda chance: f"https://www.example.nl/{_digits(chance, 4)}"),
    (("year", "jaar"), lambda chance: str(2019 + chance(8))),
    (
        ("company", "organisation", "organisatie", "bedrijf"),
        lambda chance: f"{_of(_LAST)(chance)} {_of(_KINDS)(chance)}",
    ),
    (("name", "naam", "employee", "medewerker", "user"), _person),
    (("number", "nummer", "num", "nr", "code", "id"), lambda chance: _digits(chance, 5)),
)


def _sentence(chance: _Chance) -> str:
    return f"{_of(_THINGS)(chance)} {_of(_WHEN)(chance)}"


def _text_maker(name: str) -> _Maker:
    lowered = name.lower()
    return next((maker for words, maker in _TEXTS if any(word in lowered for word in words)), _sentence)


def _string(chance: _Chance, name: str, length: int, _decimals: int) -> str:
    return _text_maker(name)(chance)[: min(length or _LONGEST, _LONGEST)].rstrip()


def _integer(chance: _Chance, name: str, _length: int, _decimals: int) -> int:
    lowered = name.lower()
    if "year" in lowered or "jaar" in lowered:
        return 2019 + chance(8)
    if "period" in lowered or "month" in lowered or "maand" in lowered:
        return 1 + chance(12)
    return 1 + chance(9_999)


def _decimal(chance: _Chance, _name: str, _length: int, decimals: int) -> int:
    """Between -1,000 and 10,000, in millionths."""
    units: int = 10 ** min(decimals, 6)
    return (chance(11_000 * units) - 1_000 * units) * (MILLIONTHS // units)


_FIRST_DAY = dt.date(2020, 1, 1).toordinal()


def _date(chance: _Chance, _name: str, _length: int, _decimals: int) -> str:
    return dt.date.fromordinal(_FIRST_DAY + chance(6 * 365)).isoformat()


def _boolean(chance: _Chance, name: str, _length: int, _decimals: int) -> int:
    """Seldom true for what blocks or completes."""
    lowered = name.lower()
    rare = any(word in lowered for word in ("block", "blokk", "complet", "afgehand"))
    return int(chance(10 if rare else 2) == 0)


def _blob(chance: _Chance, _name: str, _length: int, _decimals: int) -> str:
    return base64.b64encode(_sentence(chance).encode()).decode()


_MAKERS: Mapping[str, Callable[[_Chance, str, int, int], str | int]] = {
    "string": _string,
    "int": _integer,
    "decimal": _decimal,
    "date": _date,
    "boolean": _boolean,
    "blob": _blob,
}


@lru_cache(maxsize=16_384)
def filled(row: int, seed: int, data_type: str, length: int, decimals: int, name: str) -> str | int:
    """The value, in stored form, of the field called ``name`` in the row with the id ``row``.

    Text has at most ``length`` characters, or 80; a decimal has at most ``decimals`` digits after the point.
    """
    return _MAKERS[data_type](_chance(seed, row), name, length, decimals)
