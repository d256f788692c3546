"""Random writes of all kinds, right and wrong, against a small ledger in plain Python.

Each example has books of its own. The ledger says which writes are taken, which numbers they get and what is left open;
what is refused must leave the books as they were, to the byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests import bodies
from tests.bodies import Body, entry, line
from tests.ledger_model import BANK, GENERAL, PURCHASE, SALES, Effect, Ledger, Refused, Use, cents, differences
from tests.support import Afas, fork

#: More examples in the profile "thorough".
EXAMPLES = 12 if settings.default is None or settings.default.max_examples <= 100 else 500
STEPS = 30

UNITS = st.sampled_from((1, 2))
NUMBERS = st.sampled_from(("Q1", "q1", "Q2"))
AMOUNTS = st.one_of(st.integers(1, 50_000), st.sampled_from((1, 100, 99_999_999)))
ACCOUNTS = st.sampled_from(("4210", "4510"))
#: Commitments by administration, with account and supplier; the third is settled, the fourth is there in 1 only.
COMMITMENTS = st.sampled_from(
    ((7, "4710", "50022"), (8, "4510", "50028"), (3, "4030", "50005"), (9_999, "4510", "50013"))
)
SPOILERS: dict[str, Callable[[Body], Any]] = {
    "a cent too much": lambda head: _last(head).update(AmDe="0.01", AmCr=_last(head).get("AmCr", "0")),
    "an account that is unknown": lambda head: _last(head).update(VaAs="1", AcNr="99999"),
    "a relation that is unknown": lambda head: _last(head).update(VaAs="3", AcNr="99999"),
    "no date": lambda head: _last(head).pop("EnDa"),
    "a number of its own": lambda head: head["Fields"].update(EnNo="1"),
    "an unknown administration": lambda head: head["Fields"].update(UnId="77"),
    "an unknown journal": lambda head: head["Fields"].update(JoCo="ZZ"),
    "an unknown period": lambda head: head["Fields"].update(Peri="14"),
    "an unknown VAT code": lambda head: _last(head).update(VaId="ZZ"),
    "an unknown field": lambda head: _last(head).update(Nonsense="1"),
    "no lines": lambda head: head.pop("Objects"),
}


def _last(head: Body) -> Body:
    fields: Body = head["Objects"]["FiEntries"]["Element"][-1]["Fields"]
    return fields


def euros(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def sided(kind: str, account: str, amount: int, **fields: Any) -> Body:
    """A line; an amount above zero is debit."""
    return line(kind, account, debit=euros(max(amount, 0)), credit=euros(max(-amount, 0)), **fields)


class Bookkeeping(RuleBasedStateMachine):
    """An office that books, pays, corrects, makes mistakes and starts again."""

    suppliers = Bundle("suppliers")
    customers = Bundle("customers")
    entries = Bundle("entries")
    items = Bundle("items")

    def __init__(self, demo: Afas, state: bytes) -> None:
        super().__init__()
        self.afas = fork(demo)
        self.ledger = Ledger(json.loads(state))
        self.before: bytes | None = state

    def teardown(self) -> None:
        found = differences(self.ledger, json.loads(self.books()))
        self.afas.control("DELETE")
        assert not found, found

    # ------------------------------------------------------------ calls

    def books(self) -> bytes:
        answer = self.afas.control("GET", "/books")
        assert answer.status_code == 200
        return answer.content

    def send(self, method: str, path: str, body: Body | None = None) -> httpx.Response:
        url = f"{self.afas.base_url}/connectors/{path}"
        return self.afas.http.request(method, url, json=body, headers={"Authorization": self.afas.authorization})

    def taken(self, method: str, path: str, body: Body | None = None) -> dict[str, str]:
        """A write that has to be carried out; gives the keys of its answer."""
        self.before = None
        answer = self.send(method, path, body)
        assert answer.status_code in {200, 201}, (answer.text, body)
        made: list[dict[str, str]] = list(answer.json()["results"].values()) if answer.content else [{}]
        return made[0]

    def refused(self, method: str, path: str, body: Body | None = None) -> None:
        """A write that has to be refused, and to change nothing."""
        before = self.before or self.books()
        answer = self.send(method, path, body)
        assert answer.status_code == 500, (answer.status_code, answer.text, body)
        self.before = self.books()
        assert self.before == before

    def booked(self, unit: int, journal: str, body: Body, *effects: Effect, use: Use | None = None) -> Any:
        """Books an entry where the ledger takes it, and sees that it is refused where not."""
        body["FiEntryPar"]["Element"]["Fields"] |= {"UnId": unit, "JoCo": journal}
        try:
            number = self.ledger.book(unit, journal, effects, use)
        except Refused:
            self.refused("POST", "FiEntries", body)
            return multiple()
        keys = self.taken("POST", "FiEntries", body)
        assert (keys["UnId"], keys["EnNo"]) == (str(unit), str(number))
        return unit, number

    # ------------------------------------------------------------ relations

    @initialize(target=suppliers)
    def know_suppliers(self) -> Any:
        return multiple("50013", "60005")

    @initialize(target=customers)
    def know_customers(self) -> Any:
        return multiple("10004", "99999")

    @rule(target=suppliers, name=st.text("abc é'", min_size=1).map(lambda text: f"x{text}x"))
    def add_a_supplier(self, name: str) -> str:
        keys = self.taken("POST", "KnPurchaseRelationOrg", bodies.supplier(name[:60]))
        assert keys["CrId"] not in self.ledger.suppliers
        self.ledger.suppliers[keys["CrId"]] = name[:60]
        return keys["CrId"]

    @rule(target=customers)
    def add_a_customer(self) -> str:
        organisation = {"Fields": {"MatchOga": "6", "AutoNum": True, "PadAdr": True, "Nm": "Klant"}}
        element = {"Fields": {"CuId": "EUR"}, "Objects": {"KnOrganisation": {"Element": organisation}}}
        keys = self.taken("POST", "KnSalesRelationOrg", {"KnSalesRelationOrg": {"Element": element}})
        assert keys["DbId"] not in self.ledger.customers
        self.ledger.customers[keys["DbId"]] = "Klant"
        return keys["DbId"]

    @rule(currency=st.sampled_from(("ZZZ", "")), known=suppliers)
    def add_a_supplier_wrongly(self, currency: str, known: str) -> None:
        """Without a currency, or with the number of another."""
        wrong = {"CuId": currency} if currency or known not in self.ledger.suppliers else {"CrId": known}
        self.refused("POST", "KnPurchaseRelationOrg", bodies.supplier(**wrong))

    @rule(supplier=suppliers, condition=st.sampled_from(("30", "14", "ZZ")))
    def change_terms_of_a_supplier(self, supplier: str, condition: str) -> None:
        body = {"KnPurchaseRelationOrg": {"Element": {"@CrId": supplier, "Fields": {"PaCd": condition}}}}
        known = supplier in self.ledger.suppliers and condition != "ZZ"
        (self.taken if known else self.refused)("PUT", "KnPurchaseRelationOrg", body)

    @rule(supplier=consumes(suppliers))
    def delete_a_supplier(self, supplier: str) -> None:
        path = f"KnPurchaseRelationOrg/KnPurchaseRelationOrg/@CrId/{supplier}"
        try:
            self.ledger.delete_supplier(supplier)
        except Refused:
            self.refused("DELETE", path)
        else:
            self.taken("DELETE", path)

    # ------------------------------------------------------------ entries

    @rule(target=entries, unit=UNITS, supplier=suppliers, number=NUMBERS, amount=AMOUNTS, account=ACCOUNTS)
    def book_a_purchase(self, unit: int, supplier: str, number: str, amount: int, account: str) -> Any:
        body = entry(sided("3", supplier, -amount, InId=number), sided("1", account, amount, VaId="5"))
        return self.booked(unit, PURCHASE, body, Effect("supplier", supplier, number, amount))

    @rule(target=entries, unit=UNITS, supplier=suppliers, number=NUMBERS, amount=AMOUNTS)
    def book_a_credit_invoice(self, unit: int, supplier: str, number: str, amount: int) -> Any:
        body = entry(sided("3", supplier, amount, InId=number), sided("1", "4510", -amount, VaId="5"))
        return self.booked(unit, PURCHASE, body, Effect("supplier", supplier, number, -amount))

    @rule(target=entries, unit=UNITS, ordered=COMMITMENTS, number=NUMBERS, amount=AMOUNTS)
    def book_a_purchase_on_a_commitment(
        self, unit: int, ordered: tuple[int, str, str], number: str, amount: int
    ) -> Any:
        commitment, account, supplier = ordered
        cost = sided("1", account, amount, VaId="5", CmNo=commitment)
        body = entry(sided("3", supplier, -amount, InId=number), cost)
        use = Use(commitment, supplier, amount)
        return self.booked(unit, PURCHASE, body, Effect("supplier", supplier, number, amount), use=use)

    @rule(target=entries, unit=UNITS, customer=customers, number=NUMBERS, amount=AMOUNTS)
    def book_a_sale(self, unit: int, customer: str, number: str, amount: int) -> Any:
        body = entry(sided("2", customer, amount, InId=number), sided("1", "8010", -amount, VaId="1"))
        return self.booked(unit, SALES, body, Effect("customer", customer, number, amount))

    @rule(
        target=entries, unit=UNITS, supplier=suppliers, number=NUMBERS, parts=st.lists(AMOUNTS, min_size=1, max_size=3)
    )
    def pay_a_supplier(self, unit: int, supplier: str, number: str, parts: list[int]) -> Any:
        """One statement of the bank pays one invoice in parts."""
        paid = [sided("3", supplier, part, InId=number) for part in parts]
        body = entry(sided("1", "1100", -sum(parts)), *paid)
        return self.booked(unit, BANK, body, *(Effect("supplier", supplier, number, -part) for part in parts))

    @rule(target=entries, unit=UNITS, supplier=suppliers, number=NUMBERS)
    def pay_what_is_open(self, unit: int, supplier: str, number: str) -> Any:
        found = self.ledger.invoices.get((unit, "supplier", supplier.casefold(), number.casefold()))
        return self.pay_a_supplier_exactly(unit, supplier, number, found.open) if found and found.open else multiple()

    def pay_a_supplier_exactly(self, unit: int, supplier: str, number: str, amount: int) -> Any:
        body = entry(sided("1", "1100", -amount), sided("3", supplier, amount, InId=number))
        return self.booked(unit, BANK, body, Effect("supplier", supplier, number, -amount))

    @rule(target=entries, unit=UNITS, customer=customers, number=NUMBERS, amount=AMOUNTS)
    def receive_from_a_customer(self, unit: int, customer: str, number: str, amount: int) -> Any:
        body = entry(sided("1", "1100", amount), sided("2", customer, -amount, InId=number))
        return self.booked(unit, BANK, body, Effect("customer", customer, number, -amount))

    @rule(target=entries, unit=UNITS, amount=AMOUNTS)
    def correct_an_account(self, unit: int, amount: int) -> Any:
        return self.booked(unit, GENERAL, entry(sided("1", "4220", amount), sided("1", "1901", -amount)))

    @rule(target=entries, unit=UNITS, supplier=suppliers, customer=customers, number=NUMBERS, amount=AMOUNTS)
    def settle_between_relations(self, unit: int, supplier: str, customer: str, number: str, amount: int) -> Any:
        """A general entry takes an amount off what is owed to a supplier and what a customer owes."""
        body = entry(sided("3", supplier, amount, InId=number), sided("2", customer, -amount, InId=number))
        effects = Effect("supplier", supplier, number, -amount), Effect("customer", customer, number, -amount)
        return self.booked(unit, GENERAL, body, *effects)

    @rule(target=entries, of=entries)
    def delete_an_entry(self, of: tuple[int, int]) -> Any:
        unit, number = of
        path = f"FiEntries/FiEntryPar/UnId/{unit}/FiEntries/@EnNo/{number}"
        try:
            self.ledger.delete(unit, number)
        except Refused:
            self.refused("DELETE", path)
        else:
            self.taken("DELETE", path)
        return multiple()

    @rule(supplier=suppliers, number=NUMBERS, amount=AMOUNTS, spoil=st.sampled_from(sorted(SPOILERS)))
    def book_something_wrong(self, supplier: str, number: str, amount: int, spoil: str) -> None:
        body = entry(
            sided("3", supplier, -amount, InId=f"{number}W"),
            sided("1", "4510", amount - 1, VaId="5", CmNo=8),
            sided("1", "4510", 1, VaId="5"),
        )
        SPOILERS[spoil](body["FiEntryPar"]["Element"])
        self.refused("POST", "FiEntries", body)

    # ------------------------------------------------------------ invoices and dossiers

    @rule(unit=UNITS, supplier=suppliers, number=NUMBERS, blocked=st.booleans())
    def block_or_release_an_invoice(self, unit: int, supplier: str, number: str, blocked: bool) -> None:
        fields = {"UnId": unit, "VaAd": "3", "DcNr": supplier, "InId": number, "BlPa": blocked}
        body = {"FiInvoice": {"Element": {"Fields": fields}}}
        try:
            self.ledger.block(unit, "supplier", supplier, number, blocked=blocked)
        except Refused:
            self.refused("PUT", "FiInvoice", body)
        else:
            self.taken("PUT", "FiInvoice", body)

    @rule(target=items, title=st.text("abc", min_size=1, max_size=5), files=st.integers(0, 2))
    def file_an_item(self, title: str, files: int) -> int:
        file = {"Fields": {"FileName": "a.pdf", "FileStream": "aGFsbG8="}}
        element: Body = {"Fields": {"StId": "-5", "Ds": title}}
        if files:
            element["Objects"] = {"KnSubjectAttachment": {"Element": [file] * files}}
        keys = self.taken("POST", "KnSubject", {"KnSubject": {"Element": element}})
        assert keys["SbId"] == str(self.ledger.next_subject())
        self.ledger.subjects[int(keys["SbId"])] = (title, files)
        return int(keys["SbId"])

    @rule(item=items, title=st.text("xyz", min_size=1, max_size=5))
    def rename_an_item(self, item: int, title: str) -> None:
        body = {"KnSubject": {"Element": {"@SbId": item, "Fields": {"Ds": title}}}}
        if item in self.ledger.subjects:
            self.taken("PUT", "KnSubject", body)
            self.ledger.subjects[item] = (title, self.ledger.subjects[item][1])
        else:
            self.refused("PUT", "KnSubject", body)

    @rule(item=items)
    def delete_an_item(self, item: int) -> None:
        known = self.ledger.subjects.pop(item, None) is not None
        (self.taken if known else self.refused)("DELETE", f"KnSubject/KnSubject/@SbId/{item}")

    @rule(title=st.sampled_from(("", "x")))
    def file_an_item_wrongly(self, title: str) -> None:
        """The last file of three is none."""
        good, bad = ({"Fields": {"FileName": "a.pdf", "FileStream": text}} for text in ("aGFsbG8=", "a!"))
        objects = {"KnSubjectAttachment": {"Element": [good, good, bad]}}
        self.refused(
            "POST", "KnSubject", {"KnSubject": {"Element": {"Fields": {"StId": -5, "Ds": title}, "Objects": objects}}}
        )

    # ------------------------------------------------------------ what GetConnectors say

    @rule(supplier=suppliers)
    def look_at_open_invoices(self, supplier: str) -> None:
        rows = self.afas.rows(
            "Zenvoices_SupplierInvoices",
            filterfieldids="CreditorId",
            filtervalues=supplier,
            operatortypes="1",
            take="999",
        )
        shown = {
            (row["UnitId"], row["InvoiceNr"].casefold()): (cents(row["AmtInvoice"]), cents(row["Balance"]))
            for row in rows
        }
        assert shown == {
            (key[0], key[3]): (one.amount, one.open)
            for key, one in self.ledger.invoices.items()
            if key[1:3] == ("supplier", supplier.casefold())
        }


def test_books_follow_the_model(demo: Afas) -> None:
    parent = fork(demo)
    parent.configure(clock="2026-11-24T09:00:00")
    state = parent.control("GET", "/books").content

    class OfThisServer(Bookkeeping):
        def __init__(self) -> None:
            super().__init__(parent, state)

    chosen = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(OfThisServer, settings=chosen)
    parent.control("DELETE")
