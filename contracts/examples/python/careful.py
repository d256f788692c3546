"""A careful client of AFAS Profit, to learn from: each habit that keeps an integration right is a small method.

Needs httpx; ``driver.py`` lets the contract suite drive it. Amounts are Decimal, dates ISO text, as Profit means them:
in Amsterdam wall-clock time.
"""

from __future__ import annotations

import base64
import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx

Row = dict[str, Any]
Filter = tuple[str, int, str]  # field, operator, value
EQUAL, AT_LEAST, AT_MOST, STARTS = 1, 2, 3, 10
MOST_QUERY, MOST_CELLS, MOST_DOCUMENT = 2_049, 150_000, 10 * 2**20
#: Names that are facts: keys to order rows by, connectors of features, what differs between buying and selling.
NAMES: Row = json.loads((Path(__file__).parent.parent / "names.json").read_text(encoding="utf-8"))
PURCHASE, SALES = NAMES["purchase"], NAMES["sales"]
CENT = Decimal("0.01")


def element(fields: Row, /, **objects: Row) -> Row:
    """An element of a body, without the fields that have no value and without the objects that are empty."""
    given = {name: value for name, value in fields.items() if value is not None}
    return {"Fields": given, "Objects": {name: {"Element": each} for name, each in objects.items() if each}}


class Failed(Exception):
    """What went wrong, for the user. ``wait``: try again never (None), after growing waits (0), after that many s."""

    def __init__(self, said: str, reference: str = "", outcome: str = "rejected", wait: float | None = None) -> None:
        super().__init__(said)
        self.reference, self.outcome, self.wait = reference, outcome, wait


class CarefulClient:
    """One environment of AFAS Profit, by its token. Calls are made one after the other: Profit takes five at once."""

    page_size, attempts, most_lines = 100, 5, 1_000
    #: Seconds for one answer, for the longest wait that we are told and obey, and for one operation.
    timeout, patience, budget = 6.0, 3.0, 8.5

    def __init__(self, base_url: str, token: str, language: str, integration_id: str) -> None:
        self.base_url, self.token, self.language, self.integration_id = base_url, token, language, integration_id
        self.http = httpx.Client()  # keeps its connection open
        self.definitions: dict[str, list[Row]] = {}
        self.begin()

    def begin(self) -> None:
        """An operation starts: what the environment offers is asked anew, since its licence may have changed."""
        self.connectors: set[str] = set()
        self.began = time.monotonic()

    # one call

    def authorization(self) -> str:
        return "AfasToken " + base64.b64encode(self.token.encode()).decode()

    def headers(self) -> dict[str, str]:
        language = {"nl": "nl-nl", "en": "en-us"}.get(self.language, self.language)
        named = {"Authorization": self.authorization(), "IntegrationId": self.integration_id}
        return named | {"Accept-Language": language, "Content-Type": "application/json; charset=utf-8"}

    def encoded(self, body: Any) -> bytes | None:
        return None if body is None else json.dumps(body, ensure_ascii=False).encode()

    def send(self, method: str, path: str, query: str = "", body: Any = None) -> Any:
        """One call and its JSON. Raises Failed."""
        timeout = max(0.5, min(self.timeout, self.began + self.budget - time.monotonic()))
        url = f"{self.base_url}/{path}{query}"
        try:
            answer = self.http.request(method, url, content=self.encoded(body), headers=self.headers(), timeout=timeout)
        except httpx.HTTPError as error:
            raise self.unanswered(f"{method} {path}", repr(error)) from error
        if not answer.is_success:
            raise self.refusal(answer, f"{method} {path}")
        try:
            return self.parsed(answer.text) if answer.content else {}
        except ValueError as error:
            raise self.unanswered(f"{method} {path}", "the answer is damaged") from error

    def unanswered(self, call: str, why: str) -> Failed:
        """Nobody knows whether a write was carried out."""
        return Failed(f"No usable answer from AFAS to {call}: {why}", outcome="unknown", wait=0)

    def parsed(self, text: str) -> Any:
        """JSON with decimals to the last digit. Before Profit 7 they can be written -.5, which JSON does not know."""
        whole = re.sub(r'"(?:[^"\\]|\\.)*"|(?<![\d.])\.\d+', lambda m: m[0] if m[0][0] == '"' else "0" + m[0], text)
        return json.loads(whole, parse_float=Decimal)

    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        """What an error status means. The message is for the user, its reference for AFAS' support."""
        try:
            body = self.parsed(answer.text)
        except ValueError:
            body = {}
        body = body if isinstance(body, dict) else {}
        status, message, reference = answer.status_code, body.get("externalMessage"), body.get("profitLogReference", "")
        if status in {429, 503}:
            told = str(body.get("retry_after") or answer.headers.get("Retry-After", ""))
            text = f"AFAS is not available (status {status}); it says to try again in {told or '?'} seconds"
            return Failed(text, wait=float(told) if told.replace(".", "", 1).isdigit() else 1.0)
        if status >= 500 and not message:
            return self.unanswered(call, f"status {status} without a reason")
        if not message:
            why = {401: "the token is not accepted", 403: "no access from this address or for this user"}
            return Failed(f"AFAS refused {call} with status {status}: {body.get('message') or why.get(status, '?')}")
        if re.search(r"(?i)(vergrendeld|geblokkeerd|in gebruik|locked|in use).*(gebruiker|user)", message):
            return Failed(message, reference, wait=0)  # another user has the booking layout open
        if re.search(r"(?i)maximale tijdsduur|maximum duration|timeout expired", message):
            return Failed(message, reference, outcome="unknown")  # it may still be running
        return Failed(message, reference)

    # again, or not

    def wait(self, error: Failed, attempt: int) -> float | None:
        """Seconds until the next try; None when that makes no sense: refusals (401, 403, validation) are final."""
        if error.wait is None or attempt >= self.attempts or error.wait > self.patience:
            return None
        seconds = error.wait or 0.1 * 2**attempt
        return seconds if time.monotonic() + seconds < self.began + self.budget else None

    def persist(self, attempt: Callable[[], Any], look: Callable[[], Any] = lambda: None) -> Any:
        """Tries until there is an answer; after each unknown outcome it looks whether it was carried out all along."""
        doubt = False
        for number in range(1, self.attempts + 1):
            try:
                return attempt()
            except Failed as error:
                doubt = doubt or error.outcome == "unknown"
                seconds = self.wait(error, number)
                if seconds:
                    time.sleep(seconds)
                worth = seconds or (doubt and not error.wait)  # not while AFAS asks to stay away
                done = self.looked(look) if worth else None
                if done is not None:
                    return done
                if seconds is None:
                    error.outcome = "unknown" if doubt and error.wait else error.outcome
                    raise
        raise AssertionError("the last try has no wait")

    def looked(self, look: Callable[[], Any]) -> Any:
        try:
            return look()
        except Failed as error:
            raise Failed(f"The outcome is unknown, and looking failed: {error}", error.reference, "unknown") from error

    def get(self, path: str, key: str, query: str = "") -> list[Row]:
        """The list ``key`` in an answer: an answer without it is none."""

        def attempt() -> list[Row]:
            found = self.send("GET", path, query)
            if not isinstance(found, dict) or not isinstance(found.get(key), list):
                raise self.unanswered(f"GET {path}", f"no {key} in the answer")
            return list(found[key])

        return list(self.persist(attempt))

    def write(self, method: str, connector: str, body: Row, look: Callable[[], Any] = lambda: None) -> Row:
        """Sends an element to an UpdateConnector; gives the keys of what was made, or what ``look`` finds of it."""
        root = "FiEntryPar" if connector == "FiEntries" else connector

        def attempt() -> Row:
            answer = self.send(method, f"connectors/{connector}", body={root: {"Element": body}})
            found = answer.get("results", answer) if isinstance(answer, dict) else {}  # some answers lack "results"
            if method == "POST" and not isinstance(found.get(root), dict):
                raise self.unanswered(f"POST {connector}", "the answer names no keys")
            return dict(found.get(root) or {})

        return dict(self.persist(attempt, look))

    # reading

    def has(self, connector: str) -> bool:
        if not self.connectors:
            self.connectors = {known["id"].lower() for known in self.get("metainfo", "getConnectors")}
        return connector.lower() in self.connectors

    def features(self) -> dict[str, bool]:
        """A licence that lacks a feature lacks its connectors."""
        return {name: all(map(self.has, connectors)) for name, connectors in NAMES["features"].items()}

    def fields(self, connector: str) -> list[Row]:
        if not self.has(connector):
            feature = next((name for name, own in NAMES["features"].items() if connector in own), "")
            raise Failed(f"This environment does not offer {connector}" + (f": it has no {feature}" if feature else ""))
        if connector not in self.definitions:
            self.definitions[connector] = self.get(f"metainfo/get/{connector}", "fields")
        return self.definitions[connector]

    def order(self, connector: str) -> list[str]:
        """Without an order, pages come in different ones: rows would be missed, and others met twice."""
        present = [field["id"] for field in self.fields(connector) if field["dataType"] != "blob"]
        key: list[str] = NAMES["keys"].get(connector, present)
        return key if set(key) <= set(present) else present

    def filter(self, filters: Iterable[Filter]) -> dict[str, str]:
        """Lists; as JSON where a value holds one of the characters between the elements of lists."""
        found = [(name, how, str(value)) for name, how, value in filters]
        if any(set(value) & set(",;") for _, _, value in found):
            fields = [{"@FieldId": name, "@OperatorType": str(how), "#text": value} for name, how, value in found]
            whole = {"Filters": {"Filter": [{"@FilterId": "1", "Field": fields}]}}
            return {"filterjson": json.dumps(whole, ensure_ascii=False)}
        lists = {"filterfieldids": 0, "filtervalues": 2, "operatortypes": 1} if found else {}
        return {name: ",".join(str(each[at]) for each in found) for name, at in lists.items()}

    def query(self, connector: str, filters: Iterable[Filter], skip: int, take: int) -> str:
        asked = {"skip": skip, "take": take, "orderbyfieldids": ",".join(self.order(connector)), **self.filter(filters)}
        text = "?" + urlencode(asked, safe=",:", quote_via=quote)
        if len(text) > MOST_QUERY:
            raise Failed(f"The query to {connector} would be longer than AFAS takes")
        return text

    def take(self, connector: str) -> int:
        """Rows a page: columns times rows stay below 150,000."""
        return max(2, min(self.page_size, (MOST_CELLS - 1) // len(self.fields(connector))))

    def rows(self, connector: str, filters: Iterable[Filter] = ()) -> Iterator[Row]:
        """All rows, each once. A page begins with the last row of the one before, which shows what has moved since."""
        key, take, skip = self.order(connector), self.take(connector), 0
        last: tuple[Any, ...] = ()
        seen: set[tuple[Any, ...]] = set()  # rows that come in move others to a later page
        while True:
            page = self.get(f"connectors/{connector}", "rows", self.query(connector, filters, skip, take))
            known = [tuple(row.get(name) for name in key) for row in page]
            if last and last not in known and skip:
                skip = max(0, skip - take + 1)  # rows before this page have gone: step back until it is there again
                continue
            yield from (row for row, each in zip(page, known, strict=True) if each not in seen)
            seen.update(known)
            if len(page) < take:
                return
            last, skip = known[-1], skip + take - 1

    def wall_clock(self, value: Any) -> Any:
        """Profit ends dates in Z, yet they are Amsterdam wall-clock time: the Z goes, and nothing is converted."""
        return value.removesuffix("Z") if isinstance(value, str) else value

    def changed(self, connector: str, since: str) -> list[Filter]:
        """At or after a moment: times have fractions that are not shown, so "equal" would not find what it showed."""
        names = [field["id"] for field in self.fields(connector) if field["dataType"] == "date"]
        return [(name, AT_LEAST, self.wall_clock(since)) for name in names if name.lower().startswith("modif")][:1]

    def read(self, connector: str, changed_since: str | None = None) -> Row:
        dates = {field["id"] for field in self.fields(connector) if field["dataType"] == "date"}
        rows = self.rows(connector, self.changed(connector, changed_since) if changed_since else ())
        return {"rows": [{k: self.wall_clock(v) if k in dates else v for k, v in row.items()} for row in rows]}

    def connect(self) -> Row:
        rows = self.rows("Zenvoices_AdministrationDetails")
        return {"administrations": [{"id": row["AdminId"], "name": row["AdminNm"]} for row in rows]}

    # relations

    def starting(self, field: str, value: str) -> Filter:
        """A filter that fits into any query; what it finds is compared in full afterwards."""
        return (field, EQUAL, value) if len(quote(value)) < 500 else (field, STARTS, value[:40])

    def same(self, side: Row, row: Row, wanted: Row) -> bool:
        """Whether a relation is the one that is wanted: all that identifies it is equal."""
        pairs = {side["name"]: "name", side["vat"]: "vat_number", "ChOfCommNr": "coc_number", "IBAN": "iban"}
        pairs |= {"ZipCode": "postal_code", "Recidence": "city", "Address": "street"}
        return all(self.plain(row.get(f)) == self.plain(wanted[name]) for f, name in pairs.items() if wanted.get(name))

    def plain(self, value: Any) -> str:
        return unicodedata.normalize("NFC", str(value or "")).replace(" ", "")

    def find_relation(self, side: Row, wanted: Row) -> Row | None:
        rows = self.rows(side["rows"], [self.starting(side["name"], wanted["name"])])
        found = next((row for row in rows if self.same(side, row, wanted)), None)
        return {side["key"]: found[side["id"]]} if found else None

    def country(self, code: str) -> str:
        """AFAS has its own codes, such as D for Germany; callers may know ISO's."""
        found = {row["ISOCode"]: row["CoId"] for row in self.rows("Zenvoices_Countries")}
        return code if code in found.values() else found.get(code, code)

    def relation(self, side: Row, given: Row, old: Row) -> Row:
        """The element of a relation, with what was given; ``old`` is the row of one that exists."""
        get, currency = given.get, given.get("currency") if self.features()["currencies"] else None
        organisation = {"Nm": get("name"), "CcNr": get("coc_number"), "MatchOga": "0", "BcCo": old.get("BcCo")}
        if not old:
            organisation |= {"MatchOga": "6", "AutoNum": True, "PadAdr": True}
        moved = any(get(name) for name in ("street", "house_number", "postal_code", "city", "country"))
        address = element(self.address(given, old)) if moved else {}
        iban, account = get("iban"), {}
        if iban and self.plain(iban) != self.plain(old.get("IBAN")):  # sent again, it would be a second account
            account = element({"CoId": self.country(iban[:2]), "Iban": iban, "IbCk": True})
        fields = {"CuId": currency or (None if old else self.own_currency()), "PaCd": get("payment_condition")}
        whole = element(organisation, KnBasicAddressAdr=address, KnBankAccount=account)
        number = {f"@{side['key']}": old.get(side["id"], "")}
        return number | element(fields | {"VaId": get("vat_number")}, KnOrganisation=whole)

    def address(self, given: Row, old: Row) -> Row:
        """A whole address: Profit empties what is left out, so an existing one fills the gaps."""
        number, addition = old.get("Number"), old.get("NumberAdd")
        if given.get("house_number"):
            number, addition = re.fullmatch(r"(\d*)\s*(.*)", str(given["house_number"])).groups()  # type: ignore[union-attr]
        country = self.country(given["country"]) if given.get("country") else old.get("Country")
        street, postal_code = given.get("street") or old.get("Address"), given.get("postal_code") or old.get("ZipCode")
        return {"CoId": country, "PbAd": False, "Ad": street, "HmNr": number or None, "HmAd": addition or None,
                "ZpCd": postal_code, "Rs": given.get("city") or old.get("Recidence"), "ResZip": False}  # fmt: skip

    def own_currency(self, administration: str = "") -> str:
        rows = self.rows("Zenvoices_AdministrationDetails")
        return next((row["CurrencyId"] for row in rows if administration in {"", str(row["AdminId"])}), "EUR")

    def create(self, side: Row, given: Row) -> Row:
        """Looks before it creates, so that a relation exists once; looks again when an answer gets lost."""
        look = partial(self.find_relation, side, given)
        found = look() or self.write("POST", side["connector"], self.relation(side, given, {}), look)
        return {side["argument"]: found[side["key"]]}

    def update_supplier(self, supplier_id: str, **given: Any) -> Row:
        body: Row = {}

        def current() -> None:
            """What is to change of what is there now: an IBAN whose answer got lost is not added again."""
            rows = self.rows("Zenvoices_Suppliers", [("CreditorId", EQUAL, supplier_id)])
            body.update(self.relation(PURCHASE, given, next(rows, {"CreditorId": supplier_id})))

        current()
        self.write("PUT", PURCHASE["connector"], body, current)
        return {"supplier_id": supplier_id}

    # invoices

    def period(self, administration: Any, date: str) -> tuple[Any, Any]:
        """Financial year and period of a date: a year need not be a calendar year, nor a period a month."""
        filters = [("Unit", EQUAL, str(administration)), ("DateFrom", AT_MOST, date), ("DateTo", AT_LEAST, date)]
        found = ((row["Year"], row["Period"]) for row in self.rows("Zenvoices_Periods", filters))
        return next(found, (int(date[:4]), int(date[5:7])))

    def rate(self, given: Row) -> Decimal | None:
        """How much of the invoice's currency one of the administration's is; None for its own currency."""
        currency = given.get("currency")
        if not currency or currency == self.own_currency(str(given["administration"])):
            return None
        if not self.features()["currencies"]:
            raise Failed(f"This environment has no currencies: an invoice in {currency} cannot be booked")
        if given.get("rate"):
            return Decimal(str(given["rate"]))
        rows = self.rows("Zenvoices_Currencies", [("CurrencyId", EQUAL, currency)])
        return next((Decimal(row["DailyRate"] or row["Exchange_Rate"]) for row in rows), Decimal(1))

    def amount(self, value: Decimal, *, debit: bool, names: str = "De Cr") -> Row:
        """An amount on its side; what is below zero, as on a credit invoice, stands on the other."""
        return {f"Am{names.split()[debit == (value < 0)]}": f"{abs(value):f}"}

    def tax_account(self, line: Row) -> str:
        rows = self.rows("Zenvoices_TaxCodes", [("VatCode", EQUAL, line["tax_code"])])
        return line.get("tax_account") or next((str(row["AccountNr"]) for row in rows), "")

    def tax_lines(self, lines: list[Row]) -> list[Row]:
        """VAT is a line of its own on the VAT account, with the amount of the invoice: it is not computed again."""
        totals: dict[tuple[str, str], Decimal] = {}
        for line in lines:
            if Decimal(line.get("tax_amount") or 0):
                key = (self.tax_account(line), line["tax_code"])
                totals[key] = totals.get(key, Decimal(0)) + Decimal(line["tax_amount"])
        return [{"account": account, "amount": total, "tax_code": code} for (account, code), total in totals.items()]

    def in_base(self, amounts: list[Decimal], total: Decimal, rate: Decimal) -> list[Decimal]:
        """Amounts in the administration's currency. What rounding leaves goes to the largest: an entry balances."""
        cents = [(amount / rate).quantize(CENT, ROUND_HALF_UP) for amount in amounts]
        if sum(amounts) == total:
            largest = max(range(len(cents)), key=lambda at: abs(cents[at]))
            cents[largest] += (total / rate).quantize(CENT, ROUND_HALF_UP) - sum(cents)
        return cents

    def line(self, line: Row, amount: Decimal, *, debit: bool) -> Row:
        """A line on a ledger account, with nothing in it of features that the environment lacks."""
        has, get = self.features(), line.get
        project = get("project") if has["projects"] else None
        item = {"PrId": project, "ItCd": get("item"), "AmCo": f"{amount:f}", "Qu": 1}
        codes = {f"DiC{axis}": code for axis, code in (get("allocations") or {}).items()} if has["allocation"] else {}
        fields = {"VaAs": "1", "AcNr": line["account"], **self.amount(amount, debit=debit), "VaId": get("tax_code")}
        fields |= {"Ds": get("description"), "PrId": project, "CmNo": get("commitment") if has["commitments"] else None}
        costs = element(item) if project and get("item") else {}
        return element(fields, FiDimEntries=element(codes) if codes else {}, FiPrjEntries=costs)

    def entry(self, side: Row, given: Row) -> Row:
        """The element of FiEntries."""
        get, debit, total, rate = given.get, side is PURCHASE, Decimal(given["total"]), self.rate(given)
        lines = [*given["lines"], *self.tax_lines(given["lines"])]
        if len(lines) >= self.most_lines:
            raise Failed(f"An entry of {len(lines) + 1} lines is more than the {self.most_lines} that AFAS advises")
        amounts, whole = [Decimal(line["amount"]) for line in lines], total
        head = {"VaAs": side["kind"], "AcNr": given[side["argument"]], "InId": given["invoice_number"]}
        head |= {"BpNr": given["invoice_number"], "Judg": get("reviewer"), "DaEx": get("due_date")}
        if rate:
            head |= {"CuId": get("currency"), "Rate": f"{rate:f}", **self.amount(total, debit=not debit, names="Dc Cc")}
            amounts, whole = self.in_base(amounts, total, rate), self.in_base([total], total, rate)[0]
        head |= {"BlPa": get("blocked") or None, **self.amount(whole, debit=not debit)}
        made = [self.line(line, amount, debit=debit) for line, amount in zip(lines, amounts, strict=True)]
        shared = {"Ds": given["description"], "EnDa": given["invoice_date"], "BpDa": given["invoice_date"]}
        made = [{**each, "Fields": shared | each["Fields"]} for each in (element(head), *made)]
        year, period = self.period(given["administration"], given["invoice_date"])
        top = {"Year": year, "Peri": period, "UnId": given["administration"], "JoCo": given["journal"]}
        return element(top) | {"Objects": {"FiEntries": {"Element": made}}}

    def find_invoice(self, side: Row, given: Row) -> Row | None:
        """The keys of an invoice that is booked already."""
        wanted = (str(given["administration"]), given[side["argument"]], given["invoice_number"])
        filters = [(name, EQUAL, value) for name, value in zip(side["invoice"], wanted, strict=True)]
        rows = self.rows(side["invoices"], filters)
        return next(({"EnNo": row["EntryNo"], "InId": wanted[2]} for row in rows), None)

    def book(self, side: Row, given: Row) -> Row:
        """Checks the document, books, and attaches the document to what was booked."""
        document = given.get("document")
        if document:
            self.content(document)
        there = self.find_invoice(side, given)  # what is there before cannot be ours: then nothing tells us afterwards
        look = (lambda: None) if there else partial(self.find_invoice, side, given)
        keys = self.write("POST", "FiEntries", self.entry(side, given), look)
        made = {"entry_number": str(keys["EnNo"]), "invoice_number": keys["InId"]}
        if not document:
            return made
        try:
            return made | self.attach(side, given, document)
        except Failed as error:
            text = f"Entry {keys['EnNo']} is booked, but its document is not attached: {error}"
            raise Failed(text, error.reference, "unknown") from error

    def release_invoice(self, administration: Any, supplier_id: str, invoice_number: str) -> Row:
        fields = {"UnId": administration, "VaAd": "3", "DcNr": supplier_id, "InId": invoice_number, "BlPa": False}
        return self.write("PUT", "FiInvoice", {"Fields": fields})  # repeating it does no harm

    # documents

    def content(self, document: Row) -> str:
        """The document in base64, once its name and size are such that the integration takes it."""
        name = document["file_name"]
        if not name.lower().endswith(tuple(f".{kind}" for kind in NAMES["document_types"])):
            raise Failed(f"'{name}' is of a type that cannot be attached to an invoice")
        try:
            content = base64.b64decode(document["content_base64"], validate=True)
        except ValueError as error:
            raise Failed(f"The content of '{name}' is not base64") from error
        if len(content) > MOST_DOCUMENT:
            raise Failed(f"'{name}' has {len(content)} bytes; a document has at most {MOST_DOCUMENT}")
        return base64.b64encode(content).decode()

    def attach(self, side: Row, given: Row, document: Row) -> Row:
        """A dossier item with the document, linked to the invoice."""
        unit, relation, number = given["administration"], given[side["argument"]], given["invoice_number"]
        about = f"{document['file_name']}: {number} / {relation} / {unit}"[:255]
        link = {
            "SfTp": side["destination"],
            "SfId": relation,
            **dict(zip(side["link"], (unit, "1", number), strict=True)),
        }
        file = element({"FileName": document["file_name"], "FileStream": self.content(document)})
        item = {"StId": side["subject_type"], "Ds": about}
        body = element(item, KnSubjectLink=element(link), KnSubjectAttachment=file)
        before = self.subjects(side, about)

        def look() -> Row | None:
            return next(({"SbId": new} for new in self.subjects(side, about) - before), None)

        return {"subject_id": str(self.write("POST", "KnSubject", body, look)["SbId"])}

    def subjects(self, side: Row, about: str) -> set[Any]:
        rows = self.rows("ProfitSubjects", [("SbTy", EQUAL, side["subject_type"]), self.starting("Ds", about)])
        return {row["SbId"] for row in rows if row["Ds"] == about}
