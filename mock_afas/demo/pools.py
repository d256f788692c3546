"""Parts of names, addresses and phone numbers from Faker's Dutch data, to be combined at random."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mock_afas.demo.relations import Names, slug

_COMPANIES, _FAMILIES, _STREETS, _CITIES, _PLACES = 3000, 1500, 2500, 1500, 4000


class Named(NamedTuple):
    """A name, or a template for one, and the label of a domain that goes with it."""

    name: str
    label: str


class Place(NamedTuple):
    """A city with one of its postal codes and a phone number."""

    postal_code: str
    city: Named
    phone: str


class Pools(NamedTuple):
    """What companies are made of. A template has room for a family, another family and a city."""

    companies: list[Named]
    families: list[Named]
    templates: list[Named]
    streets: list[str]
    places: list[Place]


def _distinct(make: Callable[[], str], count: int, longest: int) -> list[str]:
    """``count`` values of ``make``, or as many as it has within four times that many turns, in order of appearance."""
    found: dict[str, None] = {}
    for _ in range(4 * count):
        value = make()
        if len(value) <= longest:
            found[value] = None
        if len(found) == count:
            break
    return list(found)


def _named(names: Iterable[str]) -> list[Named]:
    capital = (name[:1].upper() + name[1:] for name in names)
    return [Named(name, slug(name)) for name in capital]


def dutch_pools(seed: int, names: Names) -> Pools:
    """Pools from Faker's nl_NL, the same for the same seed."""
    from faker import Faker  # noqa: PLC0415 - costs a third of a second and is needed for generated data only

    fake = Faker("nl_NL", use_weighting=False)
    fake.seed_instance(seed)
    cities = _named(_distinct(fake.city, _CITIES, 50))
    pick = fake.random.randrange
    places = [
        Place(fake.postcode().replace(" ", ""), cities[pick(len(cities))], fake.phone_number()[:21])
        for _ in range(_PLACES)
    ]
    return Pools(
        companies=_named(_distinct(fake.company, _COMPANIES, 80)),
        families=_named(_distinct(fake.last_name, _FAMILIES, 40)),
        templates=_named(f"{pattern} {form}".rstrip() for pattern in names.patterns for form in names.legal_forms),
        streets=_distinct(fake.street_name, _STREETS, 60),
        places=places,
    )
