"""Mistakes in what is booked, and in what is said of refusals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

import httpx
from careful import CENT, PURCHASE, CarefulClient, Failed, Row

from contracts.rogues.base import rogue


class ChangesInvoices(CarefulClient):
    """Books another invoice than it was given."""

    def changed_invoice(self, given: Row) -> Row:
        return given

    def entry(self, side: Row, given: Row) -> Row:
        return super().entry(side, self.changed_invoice(given))


class ChangesLines(ChangesInvoices):
    """Books other lines than it was given; ``last`` is true for the last one."""

    def changed_line(self, line: Row, *, last: bool) -> Row:
        return line

    def changed_invoice(self, given: Row) -> Row:
        lines = given["lines"]
        return given | {"lines": [self.changed_line(line, last=at == len(lines)) for at, line in enumerate(lines, 1)]}


def without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


@rogue("Counts cents by cutting off a floating point number.", caught_by="booking/balance-to-the-cent")
class FloatMoney(CarefulClient):
    def amount(self, value: Decimal, *, debit: bool, names: str = "De Cr") -> Row:
        return super().amount(Decimal(int(float(value) * 100)) / 100, debit=debit, names=names)


@rogue("Writes amounts with a decimal comma.", caught_by="booking/balance-to-the-cent")
class DecimalComma(CarefulClient):
    def amount(self, value: Decimal, *, debit: bool, names: str = "De Cr") -> Row:
        made = super().amount(value, debit=debit, names=names)
        return {name: text.replace(".", ",") for name, text in made.items()}


@rogue("Computes VAT again from its rate, and rounds it down.", caught_by="booking/balance-to-the-cent")
class ComputesTax(ChangesLines):
    def changed_line(self, line: Row, *, last: bool) -> Row:
        if not line.get("tax_amount"):
            return line
        rates = {row["VatCode"]: row["VatPerc"] for row in self.rows("Zenvoices_TaxCodes")}
        tax = (Decimal(line["amount"]) * Decimal(rates[line["tax_code"]]) / 100).quantize(CENT, ROUND_DOWN)
        return line | {"tax_amount": f"{tax:f}"}


@rogue("Adds VAT to the costs and makes no line of it.", caught_by="booking/balance-to-the-cent")
class TaxInCosts(ChangesLines):
    def changed_line(self, line: Row, *, last: bool) -> Row:
        whole = Decimal(line["amount"]) + Decimal(line.get("tax_amount") or 0)
        return without(line, "tax_amount") | {"amount": f"{whole:f}"}


@rogue("Books the whole VAT on the code of the first line.", caught_by="booking/balance-to-the-cent")
class OneTaxCode(CarefulClient):
    def tax_lines(self, lines: list[Row]) -> list[Row]:
        made = super().tax_lines(lines)
        return [line | {"tax_code": made[0]["tax_code"]} for line in made]


@rogue("Makes an invoice balance that does not, at the cost of its first line.", caught_by="booking/imbalance-refused")
class ForcesBalance(ChangesInvoices):
    def changed_invoice(self, given: Row) -> Row:
        booked = sum(Decimal(line["amount"]) + Decimal(line.get("tax_amount") or 0) for line in given["lines"])
        first, *rest = given["lines"]
        amount = Decimal(first["amount"]) + Decimal(given["total"]) - booked
        return given | {"lines": [first | {"amount": f"{amount:f}"}, *rest]}


@rogue("Forgets the allocation of the last line.", caught_by="booking/allocation-of-every-line")
class LastAllocation(ChangesLines):
    def changed_line(self, line: Row, *, last: bool) -> Row:
        return without(line, "allocations") if last else line


@rogue("Sends the code of the first axis only.", caught_by="booking/allocation-of-every-line")
class FirstAxis(ChangesLines):
    def changed_line(self, line: Row, *, last: bool) -> Row:
        codes = {axis: code for axis, code in line.get("allocations", {}).items() if axis == "1"}
        return line | {"allocations": codes}


@rogue("Leaves project costs out.", caught_by="booking/project")
class NoProject(ChangesLines):
    def changed_line(self, line: Row, *, last: bool) -> Row:
        return without(line, "project", "item")


@rogue("Leaves the commitment out, so that it stays open.", caught_by="booking/commitment")
class NoCommitment(ChangesLines):
    def changed_line(self, line: Row, *, last: bool) -> Row:
        return without(line, "commitment")


@rogue("Leaves the reviewer out, so that nobody reviews.", caught_by="booking/reviewer")
class NoReviewer(ChangesInvoices):
    def changed_invoice(self, given: Row) -> Row:
        return without(given, "reviewer")


@rogue("Does not block an invoice that is to be blocked for payment.", caught_by="booking/blocked-for-payment")
class NeverBlocks(ChangesInvoices):
    def changed_invoice(self, given: Row) -> Row:
        return without(given, "blocked")


@rogue("Drops the due date.", caught_by="booking/due-date")
class NoDueDate(ChangesInvoices):
    def changed_invoice(self, given: Row) -> Row:
        return without(given, "due_date")


@rogue("Books amounts in another currency as if they were euros.", caught_by="booking/currency")
class IgnoresRate(ChangesInvoices):
    def changed_invoice(self, given: Row) -> Row:
        return without(given, "currency", "rate")


@rogue("Multiplies by the rate instead of dividing.", caught_by="booking/currency")
class InvertedRate(CarefulClient):
    def in_base(self, amounts: list[Decimal], total: Decimal, rate: Decimal) -> list[Decimal]:
        return super().in_base(amounts, total, 1 / rate)


@rogue("Rounds each converted line by itself: the entry does not balance.", caught_by="booking/currency-balances")
class RoundsConvertedLines(CarefulClient):
    def in_base(self, amounts: list[Decimal], total: Decimal, rate: Decimal) -> list[Decimal]:
        return [super(RoundsConvertedLines, self).in_base([amount], amount, rate)[0] for amount in amounts]


@rogue("Books a credit invoice as if money were owed.", caught_by="booking/credit-invoice")
class CreditAsDebit(CarefulClient):
    def amount(self, value: Decimal, *, debit: bool, names: str = "De Cr") -> Row:
        return super().amount(abs(value), debit=debit, names=names)


@rogue("Books everything in the first administration.", caught_by="booking/administration")
class AlwaysFirstAdministration(ChangesInvoices):
    def changed_invoice(self, given: Row) -> Row:
        return given | {"administration": 1}


@rogue("Books in the period of today, whatever the date of the invoice.", caught_by="booking/balance-to-the-cent")
class PeriodOfToday(CarefulClient):
    def period(self, administration: Any, date: str) -> tuple[Any, Any]:
        today = dt.datetime.now(dt.UTC).date()
        return today.year, today.month if (today.year, today.month) != (int(date[:4]), int(date[5:7])) else 1


@rogue("Cuts invoice numbers at ten characters.", caught_by="booking/invoice-number")
class ShortNumbers(ChangesInvoices):
    def changed_invoice(self, given: Row) -> Row:
        return given | {"invoice_number": given["invoice_number"][:10]}


@rogue("Says that an invoice is booked which AFAS refused.", caught_by="booking/refusal-passed-on")
class SwallowsErrors(CarefulClient):
    def write(self, method: str, connector: str, body: Row, look: Callable[[], Any] = lambda: None) -> Row:
        try:
            return super().write(method, connector, body, look)
        except Failed:
            return {"EnNo": 1, "InId": "F-1", "SbId": 1, "CrId": "50000", "DbId": "10001"}


@rogue("Keeps the log reference to itself.", caught_by="booking/refusal-passed-on")
class HidesReference(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        error.reference = ""
        return error


@rogue("Has a message of its own for everything that AFAS says.", caught_by="booking/refusal-passed-on")
class OwnMessage(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        return Failed("Er ging iets mis. Probeer het later opnieuw.", error.reference, error.outcome, error.wait)


@rogue("Releases an invoice by its number alone, whosever it is.", caught_by="booking/release-the-right-invoice")
class ReleasesByNumber(CarefulClient):
    def release_invoice(self, administration: Any, supplier_id: str, invoice_number: str) -> Row:
        rows = self.rows(PURCHASE["invoices"], [("InvoiceNr", 1, invoice_number)])
        first = next(rows, {"UnitId": administration, "CreditorId": supplier_id})
        return super().release_invoice(first["UnitId"], first["CreditorId"], invoice_number)
