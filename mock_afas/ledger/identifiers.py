"""Numbers with a check of their own: IBAN, BSN, and by setting those for VAT, KvK and fiscal matters.

AFAS' own examples hold VAT, KvK and fiscal numbers that no check would pass, so these three are checked only where
``Circumstances.identifier_checks`` is ``on``. python-stdnum is imported when the first number is checked.
"""

from __future__ import annotations

from collections.abc import Callable

from mock_afas.documents import Node
from mock_afas.ledger.book import Draft, refuse

_NETHERLANDS = "NL"


def compact(number: str) -> str:
    """An IBAN or BIC as it is kept: capitals, without blanks."""
    return "".join(number.split()).upper()


def check_iban(node: Node, field: str) -> None:
    """IbCk true: the IBAN passes the mod-97 test and has the form of its country (wire.md section 7)."""
    from stdnum import iban  # noqa: PLC0415 - costs time that most runs need not spend

    written = node.text(field)
    if written is not None and not iban.is_valid(written, check_country=False):
        refuse("bank_account_iban_invalid", node, field, allowed="an IBAN with right check digits", iban=written)


def check_bsn(node: Node, field: str) -> str | None:
    """A BSN as it is kept, nine digits. It passes the 11-test (wire.md section 7)."""
    from stdnum.nl import bsn  # noqa: PLC0415 - costs time that most runs need not spend

    written = node.text(field)
    if written is None:
        return None
    if not bsn.is_valid(written):
        refuse("person_bsn_invalid", node, field, allowed="nine digits that pass the 11-test", bsn=written)
    return str(bsn.compact(written))


def check_coc_number(node: Node, field: str, country: str, draft: Draft) -> None:
    """A Dutch KvK number has eight digits."""
    if country == _NETHERLANDS:
        _check(node, field, draft, "organisation_coc_number_invalid", _is_coc_number, "eight digits")


def check_fiscal_number(node: Node, field: str, country: str, draft: Draft) -> None:
    """A Dutch fiscal number (RSIN) has nine digits and passes the 11-test."""
    if country == _NETHERLANDS:
        _check(node, field, draft, "organisation_fiscal_number_invalid", _is_rsin, "nine digits that pass the 11-test")


def check_vat_number(node: Node, field: str, draft: Draft) -> None:
    """A VAT number of an EU member has the form and check digits of that country; without a country it is Dutch."""
    allowed = "a VAT number of the country in front of it"
    _check(node, field, draft, "relation_vat_number_invalid", _is_vat_number, allowed)


def _check(node: Node, field: str, draft: Draft, rule: str, is_valid: Callable[[str], bool], allowed: str) -> None:
    written = node.text(field)
    if written is not None and draft.circumstances.identifier_checks == "on" and not is_valid(written):
        refuse(rule, node, field, allowed=allowed, number=written)


def _is_coc_number(number: str) -> bool:
    return len(number) == 8 and number.isascii() and number.isdigit()


def _is_rsin(number: str) -> bool:
    from stdnum.nl import bsn  # noqa: PLC0415 - costs time that most runs need not spend

    return bool(bsn.is_valid(number))


def _is_vat_number(number: str) -> bool:
    from stdnum.eu import vat  # noqa: PLC0415 - costs time that most runs need not spend
    from stdnum.nl import btw  # noqa: PLC0415

    country = number.strip()[:2].lower()
    if country == "el" or country in vat.MEMBER_STATES:
        return bool(vat.is_valid(number))
    return country.isalpha() or bool(btw.is_valid(number))
