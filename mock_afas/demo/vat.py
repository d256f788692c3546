"""VAT of the demo company's bookings: rates through time, from the fixtures."""

from __future__ import annotations

from typing import NamedTuple

from mock_afas.fixtures import read_json

#: The method of a VAT code that is charged on top of the amount, and the one that is shifted to the buyer.
ON_TOP, REVERSE_CHARGE = "O", "V"


class Code(NamedTuple):
    """A VAT code: account, method and the rate group it takes its rate from."""

    account: str | None
    method: str
    group: str


class VatCodes:
    """The VAT codes of ``tax_codes.json`` with the rates of ``tax_rate_groups.json``."""

    def __init__(self) -> None:
        codes, groups = read_json("demo/tax_codes.json"), read_json("demo/tax_rate_groups.json")
        place = codes["columns"].index
        wanted = (place("account"), place("method"), place("tax_rate_group"))
        self._codes = {row[0]: Code(*(row[column] for column in wanted)) for row in codes["rows"]}
        self._rates: dict[str, list[tuple[str, int]]] = {}
        for group, valid_from, _, _, rate in groups["rows"]:
            self._rates.setdefault(group, []).append((valid_from, round(rate * 100)))
        for rates in self._rates.values():
            rates.sort(reverse=True)

    def __getitem__(self, vat_code: str) -> Code:
        return self._codes[vat_code]

    def amount(self, vat_code: str, net: int, day: str) -> int:
        """The VAT in cents over ``net`` cents on ``day``, rounded half up away from zero."""
        rate = 0
        for valid_from, rate in self._rates[self._codes[vat_code].group]:  # noqa: B007 - the rate is used below
            if valid_from <= day:
                break
        vat = (abs(net) * rate + 5_000) // 10_000
        return vat if net >= 0 else -vat
