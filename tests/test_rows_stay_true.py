"""Rows read through projections, indexes and walks that are kept are those a projection made anew would give."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from mock_afas.connectors import GetConnector, get_connectors, parse_get
from mock_afas.profiles import Dialect, Profile
from mock_afas.query import Query, compile_query
from mock_afas.records import ENTITIES
from mock_afas.registry import Registry
from mock_afas.store.books import MOST_PROJECTIONS, Books, LoadBatch
from mock_afas.store.ledger_book import Change, LedgerBook
from mock_afas.store.projections import MOST_CHANGES, MOST_INDEXES, Projection
from mock_afas.store.rendering import Rendering, rendering_of
from tests.drawn import INTEGERS, TEXTS, parameters, requests
from tests.oracle import Column, Oracle, Reading, Request
from tests.support import Afas, fork

NOW = "2026-11-24T09:00:00.000000"
EMPTY = Books.create().image()
#: Connectors whose rows come from several entities, or are only some of one; and fields that tell their rows apart.
VIEWS: Mapping[str, tuple[str, ...]] = {
    "Zenvoices_Suppliers": ("CreditorId",),
    "Profit_OrgPer": ("BcCo",),
    "Profit_Address": ("AddressId",),
    "Profit_BankAccounts": ("IBAN",),
    "Profit_Contacts": ("ContactId",),
    "Profit_Accounts": ("Account",),
    "Zenvoices_LedgerAccounts": ("UnitId", "Account"),
    "Profit_Creditor_Invoices": ("UnitId", "CreditorId", "InvoiceNr"),
    "Zenvoices_SupplierInvoices": ("UnitId", "CreditorId", "InvoiceNr"),
    "Profit_Transactions": ("UnitId", "EntryNo", "SeqNo"),
    "Profit_Transactions_Allocated": ("UnitId", "EntryNo", "SeqNo"),
    "Zenvoices_AllocationCodeAssignments": ("Unit", "Account", "DimAx", "DimCode"),
    "Zenvoices_Reviewers": ("UserId",),
}


#: A request without filter and order is the same for each connector.
EVERY_ROW = compile_query(get_connectors()["profit_accounts"], {}, Dialect())

# ---------------------------------------------------------------- reading


@cache
def columns_of(connector: GetConnector) -> tuple[Column, ...]:
    return tuple(Column(field.id, field.data_type, field.decimals) for field in connector.fields)


def rendering(connector: GetConnector, collation: str = "ci_as") -> Rendering:
    return rendering_of(Profile("12345", dialect=Dialect(collation=collation)), connector)


def read(projection: Projection, query: Query) -> list[bytes]:
    """The rows of ``query`` in its order."""
    projection.prepare(query)
    return [projection.snapshot()[id_] for id_ in projection.walk(query)]


def page(projection: Projection, query: Query) -> list[bytes]:
    projection.prepare(query)
    return [projection.snapshot()[id_] for id_ in projection.page(query)]


def read_anew(books: Books, connector: GetConnector, collation: str, query: Query) -> list[bytes]:
    """The same rows from a projection that has seen no earlier state of the books."""
    fresh = Projection(books, 1_000_000, connector, rendering(connector, collation))
    rows = read(fresh, query)
    fresh.drop()
    return rows


# ---------------------------------------------------------------- what happens to the books


def whole(entity: str, **columns: Any) -> dict[str, Any]:
    """A row of ``entity`` with all its columns, as bookings write it down."""
    blank = {column.name: 0 if column.kind == "boolean" else None for column in ENTITIES[entity].columns}
    return {**blank, **columns}


numbers = st.integers(1, 4)
names = st.sampled_from(TEXTS[:40])
amounts = st.sampled_from((0, 500_000, -500_000, 330_580_000))


class _Books(RuleBasedStateMachine):
    """Books that change while connectors are read. ``image`` is what they start with."""

    image = EMPTY

    def __init__(self) -> None:
        super().__init__()
        self.books = Books.from_image(self.image)
        self.others: list[Books] = []
        for view in VIEWS:
            connector = get_connectors()[view.lower()]
            self.books.projection(connector, rendering(connector)).prepare(EVERY_ROW)

    def _put(self, entity: str, *rows: Mapping[str, Any]) -> None:
        self.books.put(ENTITIES[entity], rows, NOW)

    @rule(number=numbers, name=names, city=names, country=numbers)
    def a_supplier_is_put_with_name_and_address(self, number: int, name: str, city: str, country: int) -> None:
        supplier = {"supplier_id": f"{50_000 + number}", "name": name, "city": city, "country": f"C{country}"}
        self._put("suppliers", supplier)

    @rule(number=numbers, organisation=numbers, blocked=st.booleans())
    def a_supplier_moves_to_an_organisation(self, number: int, organisation: int, blocked: bool) -> None:
        moved = {"supplier_id": f"{50_000 + number}", "organisation_id": f"{organisation}", "blocked": int(blocked)}
        self._put("suppliers", moved)

    @rule(number=numbers, name=names, address=numbers)
    def an_organisation_is_renamed(self, number: int, name: str, address: int) -> None:
        self._put("organisations", {"organisation_id": f"{number}", "name": name, "address_id": address})

    @rule(number=numbers, street=names, box=st.booleans(), country=numbers)
    def an_address_changes(self, number: int, street: str, box: bool, country: int) -> None:
        address = {"address_id": number, "street": street, "po_box": int(box), "country": f"c{country}"}
        self._put("addresses", address)

    @rule(number=numbers, name=names)
    def a_country_is_renamed(self, number: int, name: str) -> None:
        self._put("countries", {"country": f"C{number}", "name": name})

    @rule(number=numbers, organisation=numbers, name=names)
    def a_bank_account_changes(self, number: int, organisation: int, name: str) -> None:
        account = {"bank_account_id": number, "iban": f"NL{number}", "organisation_id": f"{organisation}", "name": name}
        self._put("bank_accounts", account)

    @rule(number=numbers, organisation=st.none() | numbers, person=st.none() | numbers, name=names)
    def a_contact_changes(self, number: int, organisation: int | None, person: int | None, name: str) -> None:
        links = {"organisation_id": organisation and f"{organisation}", "person_id": person and f"{person}"}
        self._put("contacts", {"contact_id": number, "name": name, **links})

    @rule(administration=numbers, number=numbers, description=names)
    def an_account_is_put_in_an_administration(self, administration: int, number: int, description: str) -> None:
        account = {"administration": administration, "account": f"{number}", "description": description}
        self._put("accounts", account)

    @rule(administration=numbers, number=numbers, left=amounts, description=names)
    def an_invoice_is_booked_or_paid(self, administration: int, number: int, left: int, description: str) -> None:
        key = {"administration": administration, "side": "supplier", "relation": "50001", "invoice": f"{number}"}
        self._put("invoices", {**key, "open_amount": left, "amount": 330_580_000, "description": description})

    @rule(entry=numbers, year=st.integers(2012, 2014), sequence=numbers, kind=st.sampled_from("123"), account=numbers)
    def an_entry_is_booked(self, entry: int, year: int, sequence: int, kind: str, account: int) -> None:
        number = f"{50_000 + account}" if kind == "3" else f"{account}"
        self._put("entries", {"administration": 1, "entry": entry, "year": year})
        line = {"administration": 1, "entry": entry, "sequence": sequence, "account_kind": kind, "account": number}
        self._put("entry_lines", line)

    @rule(entry=st.integers(1, 9), lines=st.sampled_from((1, 3, MOST_CHANGES + 1)), year=st.integers(2012, 2014))
    def a_booking_waits(self, entry: int, lines: int, year: int) -> None:
        """Its rows take the place of those that have their keys, be they in their tables or waiting as well."""
        details = {
            "entries": [whole("entries", administration=1, entry=entry, year=year, created=NOW, modified=NOW)],
            "entry_lines": [
                whole("entry_lines", administration=1, entry=entry, sequence=at, account_kind="1", account=f"{at % 4}")
                for at in range(1, lines + 1)
            ],
        }
        LedgerBook(self.books).apply([], details, NOW)

    @rule(entry=st.integers(1, 9), sequences=st.sets(st.integers(1, 4)), whole_entry=st.booleans())
    def an_entry_or_lines_go(self, entry: int, sequences: set[int], whole_entry: bool) -> None:
        """Lines without an entry stay, and may get one again."""
        changes: list[Change] = [("entries", None, (1, entry))] if whole_entry else []
        changes += [("entry_lines", None, (1, entry, sequence)) for sequence in sorted(sequences)]
        if changes:
            LedgerBook(self.books).apply(changes, {}, NOW)

    @rule(steps=st.integers(1, 3))
    def no_call_comes_for_a_moment(self, steps: int) -> None:
        for _ in range(steps):
            self.books.step(self.books.projections_made())

    @rule(administration=numbers, axis=numbers, name=names)
    def an_axis_is_renamed(self, administration: int, axis: int, name: str) -> None:
        self._put("administrations", {"administration": administration, f"axis_{axis}": name})

    @rule(administration=numbers, axis=numbers, account=numbers, description=names)
    def an_allocation_is_assigned(self, administration: int, axis: int, account: int, description: str) -> None:
        key = {"administration": administration, "axis": axis, "account": f"{account}", "code": "WEST"}
        self._put("allocation_assignments", {**key, "description": description})

    @rule(number=numbers, employee=st.none() | numbers, name=names)
    def a_user_changes(self, number: int, employee: int | None, name: str) -> None:
        self._put("users", {"user_id": f"u{number}", "employee_id": employee and f"{employee}", "name": name})

    @rule(number=numbers, name=names)
    def an_employee_is_renamed(self, number: int, name: str) -> None:
        self._put("employees", {"employee_id": f"{number}", "name": name})

    @rule(name=names, count=st.sampled_from((2, 40, MOST_CHANGES + 1)))
    def many_accounts_are_put(self, name: str, count: int) -> None:
        accounts = [{"administration": 3, "account": f"{at}", "description": name} for at in range(count)]
        self._put("accounts", *accounts)

    @precondition(lambda self: not self.others)
    @rule()
    def a_writer_that_is_not_alone_goes_on_in_a_copy(self) -> None:
        """The copy has the projections of the original, and the one sees nothing of what is put into the other."""
        original = self.books.share()
        self.books = original.writable(lambda: None, original.projections_made())
        assert self.books is not original
        self.others.append(original)

    @precondition(lambda self: self.others)
    @rule()
    def writing_goes_on_in_the_other_books(self) -> None:
        self.others.append(self.books)
        self.books = self.others.pop(0)

    @rule(view=st.sampled_from(tuple(VIEWS)), collation=st.sampled_from(("ci_as", "ci_ai")), data=st.data())
    def a_connector_is_read(self, view: str, collation: str, data: st.DataObject) -> None:
        connector = get_connectors()[view.lower()]
        request = data.draw(requests(columns_of(connector), []))
        if not Oracle(columns_of(connector), Reading(collation=collation)).refusals(request):
            self.compare(connector, collation, request)

    def compare(self, connector: GetConnector, collation: str, request: Request) -> None:
        """Reads what is kept and what is made anew, whole and a page of it, twice, so that walks come to be kept."""
        total = Request(request.filters, (*request.order, *VIEWS[connector.id]), request.as_json)
        asked = {**parameters(total), "skip": "1", "take": "3"}
        query = compile_query(connector, asked, Dialect(collation=collation))
        expected = read_anew(self.books, connector, collation, query)
        kept = self.books.projection(connector, rendering(connector, collation))
        note(f"{connector.id}: {len(expected)} rows for {asked}")
        assert page(kept, query) == expected[1:4]
        assert read(kept, query) == expected
        assert page(kept, query) == expected[1:4]
        assert sorted(read(kept, EVERY_ROW)) == sorted(read_anew(self.books, connector, collation, EVERY_ROW))

    def teardown(self) -> None:
        for view in VIEWS:
            self.compare(get_connectors()[view.lower()], "ci_as", Request())
        for books in (self.books, *self.others):
            books.close()


TestBooks = _Books.TestCase
TestBooks.settings = settings(stateful_step_count=20, max_examples=max(settings().max_examples // 2, 1))


def _many_rows() -> bytes:
    """Books with 1,600 suppliers, each with an organisation and an address, and 1,600 open invoices."""
    chance = random.Random(3)
    books = Books.from_image(EMPTY)
    numbered = range(1, 1_601)
    texts = [chance.choice(TEXTS[:40]) for _ in range(1_601)]
    suppliers = [(f"{50_000 + at}", f"{at}", chance.choice((0, 1)), chance.choice(INTEGERS[:6])) for at in numbered]
    invoices = [(at % 4, "supplier", "50001", f"{at}", texts[at], chance.choice((1, 5)) * 10**5) for at in numbered]
    books.load(
        [
            LoadBatch("suppliers", ("supplier_id", "organisation_id", "blocked", "credit_limit"), suppliers),
            LoadBatch(
                "organisations", ("organisation_id", "name", "address_id"), ((f"{n}", texts[n], n) for n in numbered)
            ),
            LoadBatch("addresses", ("address_id", "city", "country"), ((n, texts[-n], f"C{n % 9}") for n in numbered)),
            LoadBatch("countries", ("country", "name"), ((f"C{n}", f"Land {n}") for n in range(9))),
            LoadBatch(
                "invoices", ("administration", "side", "relation", "invoice", "description", "open_amount"), invoices
            ),
        ]
    )
    image = books.image()
    books.close()
    return image


class _ManyBooks(_Books):
    """So many rows that indexes are made and walks kept."""

    image = _many_rows()


TestManyBooks = _ManyBooks.TestCase
TestManyBooks.settings = settings(stateful_step_count=15, max_examples=max(settings().max_examples // 8, 1))


def test_an_account_takes_the_place_of_the_same_number_in_a_higher_administration() -> None:
    """The chart of accounts has each number once, so one row that is put can make another one go."""
    books, connector = Books.from_image(EMPTY), get_connectors()["profit_accounts"]
    projection = books.projection(connector, rendering(connector))
    for administration in (3, 2, 4):
        account = {"administration": administration, "account": "0100", "description": f"of {administration}"}
        books.put(ENTITIES["accounts"], [account], NOW)
        assert len(read(projection, EVERY_ROW)) == 1
    assert b'"of 2"' in read(projection, EVERY_ROW)[0]
    books.close()


# ---------------------------------------------------------------- within bounds


@pytest.fixture
def many() -> Iterator[Books]:
    books = Books.from_image(_ManyBooks.image)
    yield books
    books.close()


def _ordered(*names: str) -> Query:
    return compile_query(SUPPLIERS, {"orderbyfieldids": ",".join((*names, "CreditorId"))}, Dialect())


SUPPLIERS = get_connectors()["zenvoices_suppliers"]


def test_more_orders_than_indexes_are_answered(many: Books) -> None:
    projection = many.projection(SUPPLIERS, rendering(SUPPLIERS))
    orders = [_ordered(field.id, "-BcCo") for field in SUPPLIERS.fields][: MOST_INDEXES + 2]
    first = [read(projection, query) for query in orders]
    many.put(ENTITIES["suppliers"], [{"supplier_id": "50001", "blocked": 1}], NOW)
    assert [len(rows) for rows in first] == [1_600] * len(orders)
    for query in orders:
        assert read(projection, query) == read_anew(many, SUPPLIERS, "ci_as", query)
    indexes = many.connection.execute("SELECT count(*) FROM p.sqlite_master WHERE type = 'index'").fetchone()[0]
    assert indexes <= MOST_INDEXES + 1


def _countries(number: int) -> GetConnector:
    field = {"id": "Land", "fieldId": "", "dataType": "string", "length": 0, "decimals": 0, "controlType": 0}
    fields = [{**field, "label": {}, "column": "name"}]
    about = {"description": {}, "modelled_on": "", "source": "countries"}
    return parse_get({"id": f"Countries {number}", **about, "fields": fields}, "")


def test_more_projections_than_are_kept_are_answered_while_sql_runs(many: Books) -> None:
    """One that has to go may not go before its table can be dropped, and whoever holds it still gets rows."""
    oldest = many.projection(SUPPLIERS, rendering(SUPPLIERS))
    rows = read(oldest, _ordered("CreditorName"))
    running = many.connection.execute("SELECT id FROM p.k0")
    assert running.fetchone()
    made = [_countries(number) for number in range(2 * MOST_PROJECTIONS)]
    waiting = [many.projection(connector, rendering(connector)) for connector in made]
    running.close()
    for projection in waiting:
        assert len(read(projection, EVERY_ROW)) == 9
    assert sorted(read(oldest, _ordered("-BcCo"))) == sorted(rows)
    tables = many.connection.execute("SELECT count(*) FROM p.sqlite_master WHERE type = 'table'").fetchone()[0]
    assert tables <= MOST_PROJECTIONS + 1


def test_a_row_that_changes_is_in_every_answer(many: Books) -> None:
    """An answer that is streamed while rows change in another thread has each of them, as it was or as it is."""
    projection, query = many.projection(SUPPLIERS, rendering(SUPPLIERS)), _ordered("CreditorName")
    projection.prepare(query)
    rows, ids = projection.snapshot(), projection.walk(query)
    ends = threading.Event()

    def change() -> None:
        suppliers: list[Mapping[str, Any]] = [
            {"supplier_id": f"{50_000 + at}", "blocked": at % 2} for at in range(1, 300)
        ]
        for _ in range(20):
            many.put(ENTITIES["suppliers"], suppliers, NOW)
            projection.prepare(query)
        ends.set()

    thread = threading.Thread(target=change)
    thread.start()
    answers = 0
    while not ends.wait(0.001) or not answers:
        assert projection.joined(rows, ids).count(b'{"CreditorId"') == 1_600
        answers += 1
    thread.join()


def test_a_row_that_goes_is_in_no_answer_that_is_under_way(many: Books) -> None:
    connector = get_connectors()["profit_creditor_invoices"]
    projection = many.projection(connector, rendering(connector))
    projection.prepare(EVERY_ROW)
    rows, ids = projection.snapshot(), projection.walk(EVERY_ROW)
    paid: Mapping[str, Any] = {"side": "supplier", "relation": "50001", "invoice": "5", "open_amount": 0}
    many.put(ENTITIES["invoices"], [{"administration": 1, **paid}], NOW)
    projection.prepare(EVERY_ROW)
    assert projection.joined(rows, ids).count(b'"InvoiceNr":"5"') == 0
    assert projection.joined(rows, ids).count(b'"InvoiceNr":') == projection.size == 1_599


def test_a_long_answer_that_waits_to_be_sent_has_the_rows_it_was_asked_for() -> None:
    """A client that reads slowly gets its answer whole, though the books and the projection have changed since."""
    environment = Registry().create({}).environment

    async def answers() -> tuple[bytes, bytes]:
        await environment.put_data(ENTITIES["organisations"], [{"organisation_id": "1", "name": "Zp"}])
        asked = b"skip=-1&take=-1&orderbyfieldids=Reviewer,-CreditorName"
        first, second = [(await environment.read(SUPPLIERS, asked)).parts for _ in range(2)]
        assert first
        assert second
        before = b"".join([part async for part in first])
        await environment.put_data(ENTITIES["organisations"], [{"organisation_id": "1", "name": "Zq"}])
        await environment.read(SUPPLIERS, b"orderbyfieldids=BcCo")
        return before, b"".join([part async for part in second])

    before, after = asyncio.run(answers())
    assert before == after


# ---------------------------------------------------------------- through the server

#: An entity and its column, and what shows it: a field of a connector that reads another entity first.
BEHIND = (
    ("organisations", "name", "Zenvoices_Suppliers", "CreditorName"),
    ("organisations", "name", "Zenvoices_Customers", "DebtorName"),
    ("addresses", "city", "Zenvoices_Suppliers", "Recidence"),
    ("countries", "name", "Zenvoices_Suppliers", "Adressline4"),
    ("countries", "name", "Profit_OrgPer", "AdressLine4"),
    ("accounts", "description", "Profit_Accounts", "Description"),
    ("entries", "journal", "Profit_Transactions", "JournalId"),
)


def _keys_of(afas: Afas, entity: str) -> list[dict[str, Any]]:
    rows = afas.control("GET", f"/data/{entity}").json()["rows"]
    return [{name: row[name] for name in ENTITIES[entity].key} for row in rows]


@pytest.mark.parametrize(("entity", "column", "connector", "field"), BEHIND)
def test_a_change_behind_a_connector_shows(afas: Afas, entity: str, column: str, connector: str, field: str) -> None:
    found = {"filterfieldids": field, "filtervalues": "Zq", "operatortypes": "1", "orderbyfieldids": f"-{field}"}
    everything = {"skip": "-1", "take": "-1"}
    before = afas.rows(connector, **everything)
    assert not afas.rows(connector, **found)
    afas.put(entity, *({**key, column: "Zq"} for key in _keys_of(afas, entity)))
    after = afas.rows(connector, **everything, orderbyfieldids=field)
    assert len(after) == len(before)
    assert {row[field] for row in after} <= {"Zq", None}
    assert afas.rows(connector, **found)


def test_a_fork_keeps_its_rows(afas: Afas) -> None:
    """A fork and its parent read the same projections until one of them changes; a reset gives the old rows back."""
    private, asked = fork(afas), {"orderbyfieldids": "CreditorName,CreditorId", "skip": "-1", "take": "-1"}
    before = afas.rows("Zenvoices_Suppliers", **asked)
    assert private.rows("Zenvoices_Suppliers", **asked) == before
    private.put("organisations", *({**key, "name": "Zq"} for key in _keys_of(private, "organisations")))
    assert {row["CreditorName"] for row in private.rows("Zenvoices_Suppliers", **asked)} == {"Zq"}
    assert afas.rows("Zenvoices_Suppliers", **asked) == before
    private.control("POST", "/reset")
    assert private.rows("Zenvoices_Suppliers", **asked) == before
    private.control("DELETE")
