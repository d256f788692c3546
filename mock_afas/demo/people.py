"""Persons of the demo company and its relations: as organisations of type P, and as contacts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_afas.demo.batch import Batch
from mock_afas.demo.relations import Register, search_name, slug
from mock_afas.demo.tables import Row
from mock_afas.fixtures import read_json

_CONTACT_COLUMNS = (
    "contact_id",
    "type",
    "organisation_id",
    "person_id",
    "department",
    "function",
    "function_card",
    "name",
    "phone",
    "mobile",
    "email",
    "gender",
    "email_private",
    "created",
    "modified",
)


class Person:
    """One row of ``persons.json``."""

    def __init__(self, row: list[Any]) -> None:
        self.number, self.first, self.prefix, self.last, self.gender, self.birth, self.bsn = row
        self.name = " ".join(part for part in (self.first, self.prefix, self.last) if part)
        self.label = slug(f"{self.first} {self.last}")
        self.key = int(self.number) - 1_000_000


def _register(person: Person, register: Register) -> None:
    stamps = register.moments.created_and_modified(person.key)
    address, phone = register.address(person.key, {}, stamps)
    email = f"{person.label}@mail.example"
    register.organisations.append(
        (
            *(person.number, "P", person.name, search_name(slug(person.last)), phone, email, None, None, None, None),
            *(person.birth, person.bsn, address, address, *stamps),
        )
    )


def _contact(row: list[Any], persons: dict[str, Person], register: Register) -> Row:
    person = persons.get(row[3])
    stamps = register.moments.created_and_modified(row[0])
    phone = f"0{30 + row[0] % 40}-{2_000_000 + row[0] * 7919 % 7_000_000}"
    if person is None:
        return (*row, row[4], phone, None, f"{slug(row[4])}@relatie.example", None, None, *stamps)
    mobile = f"06-{10_000_000 + person.key * 104_729 % 89_999_999}"
    emails = (f"{person.label}@relatie.example", person.gender, f"{person.label}@mail.example")
    return (*row, person.name, phone, mobile, *emails, *stamps)


def people(register: Register) -> Iterator[Batch]:
    """Adds the persons to ``register`` at once; gives the contacts."""
    persons = {row[0]: Person(row) for row in read_json("demo/persons.json")["rows"]}
    for person in persons.values():
        _register(person, register)
    contacts = [_contact(row, persons, register) for row in read_json("demo/contacts.json")["rows"]]
    return iter((Batch("contacts", _CONTACT_COLUMNS, contacts),))
