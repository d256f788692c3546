"""What stories draw: names, amounts, invoices and the like that are right in the demo environment.

Every value is JSON that reads back as itself: amounts are text such as ``"330.58"``, dates ISO text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

CENT = Decimal("0.01")
TODAY = dt.date(2026, 11, 24)

#: Creditors and debtors of the demo environment that nothing is wrong with, and that pay in euros.
SUPPLIERS = ("50000", "50002", "50003", "50013", "50028", "60005")
CUSTOMERS = ("10001", "10002", "10004", "10010")
#: Ledger accounts that ask for nothing but an amount.
COST_ACCOUNTS = ("4510", "4115", "4210", "4220", "4600")
REVENUE_ACCOUNTS = ("8010", "8070", "8100")
REVIEWERS = ("ALLARDJ", "BEEKM", "DVRIES", "JONGW")
PURCHASE_JOURNAL = "10"
SALES_JOURNAL = "20"


class TaxCode(NamedTuple):
    """A VAT code with its rate in percent, and the account its amount goes to; None when there is no amount."""

    code: str
    rate: int
    account: str | None


PURCHASE_TAX = (TaxCode("5", 21, "1500"), TaxCode("6", 9, "1500"), TaxCode("8", 0, None))
SALES_TAX = (TaxCode("1", 21, "1510"), TaxCode("2", 9, "1510"), TaxCode("3", 0, None))
_TAX = {tax.code: tax for tax in (*PURCHASE_TAX, *SALES_TAX)}
#: VAT codes of purchases.
purchase_codes = st.sampled_from([tax.code for tax in PURCHASE_TAX])


#: What makes a small purchase another invoice.
OTHERS: tuple[dict[str, Any], ...] = ({"invoice_number": "F-10"}, {"supplier_id": "50013"}, {"administration": 2})


def plan(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Several values in a list: what is drawn at once shrinks best."""
    return st.tuples(*parts).map(list)


def text_of(amount: Decimal) -> str:
    """An amount to the cent."""
    return format(amount.quantize(CENT, ROUND_HALF_UP), "f")


def cents(least: int, most: int) -> st.SearchStrategy[str]:
    """Amounts between two numbers of cents."""
    return st.integers(least, most).map(lambda number: text_of(Decimal(number) / 100))


#: Amounts from a cent to a million, with those that floats get wrong among the likely ones.
amounts = st.one_of(
    cents(1, 100_000_000), st.sampled_from(["0.01", "0.07", "1.10", "2.675", "8.41", "1234567.89"])
).map(lambda text: text_of(Decimal(text)))

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ODD = "éèëïöüßøåÅçñłžőİığ'’\"&%+,;:/\\()#?=<>@ -–€"
_BEYOND = "漢字日本あア한글Ωжש😀🏢🇳🇱𝒜"


def _with_a_letter(text: str) -> str:
    stripped = text.strip()
    return stripped if any(char in _LETTERS for char in stripped) else f"{stripped}a"


#: Names as people and companies have them, and worse: never without a letter, no space at the ends.
names = st.text(st.sampled_from(_LETTERS + _ODD), min_size=1, max_size=30).map(_with_a_letter)
#: Text with characters that need four bytes of UTF-8, or are made of several characters.
odd_texts = st.text(st.sampled_from(_LETTERS[:4] + _ODD + _BEYOND), min_size=1, max_size=40).map(
    lambda text: text.strip() or "a"
)
descriptions = st.one_of(names, odd_texts)

#: Invoice numbers that AFAS takes: at most twelve characters.
invoice_numbers = st.text("ABCF0123456789-/", min_size=1, max_size=12).map(lambda text: "F" + text[1:])

#: Days of the last three years, whose periods are all open; today is the simplest.
invoice_dates = st.sampled_from([(TODAY - dt.timedelta(days=back)).isoformat() for back in range(3 * 365)])

_BANKS = ("ABNA", "INGB", "RABO", "TRIO", "BUNQ")


def _iban(bank: str, account: int) -> str:
    body = f"{bank}{account:010d}"
    digits = "".join(str(int(char, 36)) for char in f"{body}NL00")
    return f"NL{98 - int(digits) % 97:02d}{body}"


#: Dutch IBANs whose check digits are right.
ibans = st.builds(_iban, st.sampled_from(_BANKS), st.integers(1_000_000, 9_999_999_999))


def addresses() -> st.SearchStrategy[dict[str, str]]:
    """A Dutch address, in the words of the protocol."""
    return st.fixed_dictionaries(
        {
            "country": st.just("NL"),
            "street": st.sampled_from(
                ["Dorpsstraat", "'s-Gravenweg", "Plein 1944", "Lange Nieuwstraat", "Coöperatiehof"]
            ),
            "house_number": st.integers(1, 999).map(str),
            "postal_code": st.integers(1000, 9999).map(lambda number: f"{number}AB"),
            "city": st.sampled_from(["Utrecht", "'s-Hertogenbosch", "Súdwest-Fryslân", "Den Haag"]),
        }
    )


def relations() -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of ``create_supplier`` and ``create_customer``."""
    return st.builds(
        lambda name, address, more: {"name": name, **address, **more},
        names,
        addresses(),
        st.fixed_dictionaries({}, optional={"iban": ibans, "payment_condition": st.sampled_from(["14", "30"])}),
    )


# ---------------------------------------------------------------- invoices


def with_tax(amount: Decimal, tax: TaxCode) -> dict[str, str]:
    """The parts of a line that tell its VAT, which is rounded half up to the cent."""
    told = {"tax_code": tax.code}
    if tax.account is not None:
        told |= {"tax_amount": text_of(amount * tax.rate / 100), "tax_account": tax.account}
    return told


@st.composite
def lines(draw: st.DrawFn, accounts: Sequence[str], taxes: Sequence[TaxCode]) -> dict[str, Any]:
    """One line: an account that asks for nothing more, an amount, and VAT."""
    amount = draw(amounts)
    return {
        "account": draw(st.sampled_from(accounts)),
        "amount": amount,
        **with_tax(Decimal(amount), draw(st.sampled_from(taxes))),
    }


def taxed_line(account: str, amount: Decimal, code: str) -> dict[str, str]:
    """A line with its VAT."""
    return {"account": account, "amount": text_of(amount), **with_tax(amount, _TAX[code])}


def total_of(invoice_lines: Sequence[Mapping[str, Any]]) -> str:
    """The total that belongs to lines with their VAT."""
    return text_of(
        sum((Decimal(one["amount"]) + Decimal(one.get("tax_amount", 0)) for one in invoice_lines), Decimal(0))
    )


def negated(invoice: Mapping[str, Any]) -> dict[str, Any]:
    """The same invoice as a credit invoice: every amount below zero."""

    def turned(text: str) -> str:
        return text_of(-Decimal(text))

    turned_lines = [
        {name: turned(value) if name in ("amount", "tax_amount") else value for name, value in line.items()}
        for line in invoice["lines"]
    ]
    return {**invoice, "lines": turned_lines, "total": turned(invoice["total"])}


@st.composite
def _invoices(
    draw: st.DrawFn, relation: Mapping[str, Sequence[str]], journal: str, line: st.SearchStrategy[Any], most: int
) -> dict[str, Any]:
    of_lines = draw(st.lists(line, min_size=1, max_size=most))
    ((key, ids),) = relation.items()
    return {
        "administration": 1,
        "journal": journal,
        key: draw(st.sampled_from(ids)),
        "invoice_number": draw(invoice_numbers),
        "invoice_date": draw(invoice_dates),
        "description": draw(names),
        "total": total_of(of_lines),
        "lines": of_lines,
    }


def purchase_invoices(
    *, most_lines: int = 4, suppliers: Sequence[str] = SUPPLIERS
) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of ``book_purchase_invoice`` that AFAS takes, in euros, with VAT, on accounts that ask for nothing."""
    return _invoices({"supplier_id": suppliers}, PURCHASE_JOURNAL, lines(COST_ACCOUNTS, PURCHASE_TAX), most_lines)


def sales_invoices(*, most_lines: int = 4, customers: Sequence[str] = CUSTOMERS) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of ``book_sales_invoice`` that AFAS takes; see ``purchase_invoices``."""
    return _invoices({"customer_id": customers}, SALES_JOURNAL, lines(REVENUE_ACCOUNTS, SALES_TAX), most_lines)


def supplier_rows(count: int, first: int = 70000, **more: Any) -> list[dict[str, Any]]:
    """Rows of suppliers as ``put_data`` takes them, numbered from ``first`` on; ``more`` stands in each."""
    return [{"supplier_id": str(first + at), "name": f"Leverancier {at}", **more} for at in range(count)]


def small_purchase(**changes: Any) -> dict[str, Any]:
    """One plain purchase invoice, for stories in which the invoice itself does not matter."""
    plain = {
        "administration": 1,
        "journal": PURCHASE_JOURNAL,
        "supplier_id": SUPPLIERS[0],
        "invoice_number": "F-1",
        "invoice_date": TODAY.isoformat(),
        "description": "Papier",
        "total": "121.00",
        "lines": [
            {"account": "4510", "amount": "100.00", "tax_code": "5", "tax_amount": "21.00", "tax_account": "1500"}
        ],
    }
    return {**plain, **changes}


def small_sale(**changes: Any) -> dict[str, Any]:
    """One plain sales invoice; see ``small_purchase``."""
    plain = {
        "administration": 1,
        "journal": SALES_JOURNAL,
        "customer_id": CUSTOMERS[0],
        "invoice_number": "V-1",
        "invoice_date": TODAY.isoformat(),
        "description": "Advies",
        "total": "121.00",
        "lines": [
            {"account": "8010", "amount": "100.00", "tax_code": "1", "tax_amount": "21.00", "tax_account": "1510"}
        ],
    }
    return {**plain, **changes}
