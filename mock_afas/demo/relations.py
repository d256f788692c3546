"""Suppliers and customers of the demo company, with the organisations, addresses and bank accounts behind them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mock_afas.demo.batch import Batch
from mock_afas.demo.identifiers import coc_number, dutch_iban, rsin
from mock_afas.demo.moments import Moments
from mock_afas.demo.tables import Row
from mock_afas.fixtures import read_json

ORGANISATION_COLUMNS = (
    "organisation_id",
    "type",
    "name",
    "search_name",
    "phone",
    "email",
    "homepage",
    "coc_number",
    "vat_number",
    "fiscal_number",
    "date_of_birth",
    "bsn",
    "address_id",
    "postal_address_id",
    "created",
    "modified",
)
ADDRESS_COLUMNS = (
    "address_id",
    "po_box",
    "street",
    "house_number",
    "house_number_addition",
    "postal_code",
    "city",
    "country",
    "created",
    "modified",
)
BANK_ACCOUNT_COLUMNS = (
    "bank_account_id",
    "organisation_id",
    "country",
    "bic",
    "iban",
    "account_number",
    "g_account",
    "bank_type",
    "name",
)
_RELATION_COLUMNS = (
    "organisation_id",
    "control_account",
    "payment_condition",
    "currency",
    "vat_duty",
    "reviewer",
    "contra_account",
    "payment_method",
    "auto_payment",
    "credit_limit",
    "temporarily_blocked",
    "blocked",
    "iban",
    "bic",
    "created",
    "modified",
)
SUPPLIER_COLUMNS = ("supplier_id", *_RELATION_COLUMNS)
CUSTOMER_COLUMNS = ("customer_id", *_RELATION_COLUMNS, "mandate")

BANK, G_ACCOUNT = "528000", "528001"
DOMESTIC, WITHIN_EU, OUTSIDE_EU = "1", "3", "4"
_ASCII = str.maketrans(
    {" ": "-", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l"}
    | dict(zip("áàäâåãéèëêíïîóòöôúüûùçñčšžżý", "aaaaaaeeeeiiioooouuuucncszzy", strict=True))
    | dict.fromkeys("'\"&.,;:()/+", "")
)

#: IBAN and BIC.
Account = tuple[str | None, str]
_MakeRow = Callable[[int, dict[str, Any], str, Account, tuple[str, str]], Row]


def slug(name: str) -> str:
    """``name`` as a label of a domain: lower-case ASCII, words joined by hyphens."""
    plain = name.lower().translate(_ASCII)
    if not plain.isascii():
        plain = plain.encode("ascii", "ignore").decode()
    while "--" in plain:
        plain = plain.replace("--", "-")
    return plain.strip("-")[:60]


def search_name(label: str) -> str:
    """The search name Profit would propose for the name behind a slug."""
    return label.replace("-", "").upper()[:10]


class Pairs:
    """Organisation numbers of relations: fixed pairs, and the numbers that run on from each."""

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        self._relations = [relation for relation, _ in pairs]
        self._organisations = [organisation for _, organisation in pairs]

    def __getitem__(self, relation: int) -> int:
        place = bisect_right(self._relations, relation) - 1
        return self._organisations[place] + relation - self._relations[place]


class Names:
    """Names, addresses and accounts of Dutch companies, combined from the parts in ``names.json``."""

    def __init__(self) -> None:
        parts = read_json("demo/names.json")
        self.families: list[str] = parts["families"]
        self.patterns: list[str] = parts["patterns"]
        self.legal_forms: list[str] = parts["legal_forms"]
        self.cities: list[tuple[str, int, str]] = parts["cities"]
        self.streets: list[str] = parts["streets"]
        self.letters: list[str] = parts["postal_letters"]
        self.banks: list[tuple[str, str]] = parts["banks"]

    def company(self, key: int) -> str:
        """The name of the company with this key."""
        families = self.families
        first = families[key * 37 % len(families)]
        second = families[(key * 5 + 11) % len(families)]
        city = self.cities[key * 17 % len(self.cities)][0]
        name = self.patterns[key * 11 % len(self.patterns)].format(first, second, city)
        return f"{name} {self.legal_forms[key % len(self.legal_forms)]}".rstrip()

    def address(self, key: int) -> tuple[str, int, str | None, str, str, str]:
        """Street, house number, addition, postal code, city and phone number."""
        city, postal, area = self.cities[key * 17 % len(self.cities)]
        phone = f"{area}-{key * 104729 % 9_000_000 + 1_000_000}"[:11]
        addition = "abc"[key % 3] if key % 7 == 3 else None
        code = f"{postal + key % 60}{self.letters[key * 3 % len(self.letters)]}"
        return self.streets[key * 29 % len(self.streets)], 1 + key * 13 % 290, addition, code, city, phone

    def account(self, key: int) -> tuple[str, str]:
        """IBAN and BIC."""
        bank, bic = self.banks[key % len(self.banks)]
        return dutch_iban(bank, 100_000_000 + key * 7_368_787 % 899_999_963), bic


class Register:
    """Collects the rows. Ids of addresses and bank accounts count up from 1."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        self.names = Names()
        self.countries: dict[str, bool] = {row[0]: row[3] for row in read_json("demo/countries.json")["rows"]}
        self.organisations: list[Row] = []
        self.addresses: list[Row] = []
        self.bank_accounts: list[Row] = []

    def address(self, key: int, facts: dict[str, Any], stamps: tuple[str, str]) -> tuple[int, str]:
        """Adds an address, made up where ``facts`` gives none; returns its id and the phone number there."""
        street, house, addition, code, city, phone = self.names.address(key)
        if "street" in facts:
            street, house, addition = facts["street"], facts["house_number"], facts.get("house_number_addition")
            code, city, phone = facts["postal_code"], facts["city"], facts["phone"]
        identity = len(self.addresses) + 1
        country = facts.get("country", "NL")
        self.addresses.append((identity, 0, street, house, addition, code, city, country, *stamps))
        return identity, phone

    def _post_box(self, key: int, stamps: tuple[str, str]) -> int:
        city, postal, _ = self.names.cities[key * 17 % len(self.names.cities)]
        identity = len(self.addresses) + 1
        code = f"{postal - 1}{self.names.letters[key % len(self.names.letters)]}"
        self.addresses.append((identity, 1, None, 10 + key * 7 % 2000, None, code, city, "NL", *stamps))
        return identity

    def organisation(self, number: int, facts: dict[str, Any], stamps: tuple[str, str]) -> str:
        """Adds an organisation with its address; returns its number."""
        key = number - 1_000_000
        name = facts.get("name") or self.names.company(key)
        address, phone = self.address(key, facts, stamps)
        domestic = "country" not in facts
        postal = self._post_box(key, stamps) if domestic and key % 9 == 4 else address
        fiscal = rsin(80_000_000 + key * 977) if domestic else None
        vat = f"NL{fiscal}B{1 + key % 3:02d}" if domestic else facts.get("vat_number")
        coc = coc_number(key) if domestic else facts.get("coc_number")
        label = slug(name)
        contact = (phone, f"info@{label}.example", f"https://www.{label}.example" if key % 3 else None)
        head = (str(number), "O", name, search_name(label))
        self.organisations.append(head + contact + (coc, vat, fiscal, None, None, address, postal) + stamps)
        return str(number)

    def bank_account(self, organisation: str, facts: dict[str, Any]) -> tuple[str | None, str]:
        """Adds the bank account of an organisation, and its G account if it has one; returns IBAN and BIC."""
        iban: str | None
        iban, bic = self.names.account(int(organisation) - 1_000_000)
        if "country" in facts:
            iban, bic = facts.get("iban"), facts["bic"]
        country, account = facts.get("country", "NL"), facts.get("account_number")
        self._bank_row(organisation, country, bic, iban=iban, account=account)
        if "g_account" in facts:
            self._bank_row(organisation, "NL", "ABNANL2A", iban=facts["g_account"], g=True)
        return iban, bic

    def _bank_row(
        self,
        organisation: str,
        country: str,
        bic: str,
        *,
        iban: str | None,
        account: str | None = None,
        g: bool = False,
    ) -> None:
        if account is None and iban is not None:
            account = iban[8:].lstrip("0") if country == "NL" else iban[4:]
        kind, label = (G_ACCOUNT, "G-rekening") if g else (BANK, "Zakelijke rekening")
        number = len(self.bank_accounts) + 1
        self.bank_accounts.append((number, organisation, country, bic, iban, account, int(g), kind, label))


class Relations:
    """All suppliers and customers: ``suppliers`` and ``customers`` are rows of their columns."""

    def __init__(self, moments: Moments) -> None:
        self.register = Register(moments)
        self._facts = read_json("demo/relations.json")
        self.suppliers = list(self._side("supplier", self._supplier_more))
        self.customers = list(self._side("customer", self._customer_more))
        for number, facts in self._facts["other_organisations"].items():
            self.register.organisation(int(number), facts, moments.created_and_modified(int(number)))

    def organisation_of_customer(self) -> dict[str, str]:
        """The number of the organisation behind each customer."""
        return {str(row[0]): str(row[1]) for row in self.customers}

    def batches(self) -> Iterator[Batch]:
        """Addresses, organisations, bank accounts, suppliers, customers."""
        register = self.register
        yield Batch("addresses", ADDRESS_COLUMNS, register.addresses)
        yield Batch("organisations", ORGANISATION_COLUMNS, register.organisations)
        yield Batch("bank_accounts", BANK_ACCOUNT_COLUMNS, register.bank_accounts)
        yield Batch("suppliers", SUPPLIER_COLUMNS, self.suppliers)
        yield Batch("customers", CUSTOMER_COLUMNS, self.customers)

    def _side(self, side: str, more: _MakeRow) -> Iterator[Row]:
        facts, register = self._facts, self.register
        pairs = Pairs(facts[f"{side}_organisations"])
        shared: dict[str, str] = facts["same_organisation"] if side == "customer" else {}
        organisation_of = {str(row[0]): str(row[1]) for row in self.suppliers} if shared else {}
        for first, last in facts[f"{side}_ranges"]:
            for number in range(first, last + 1):
                name = str(number)
                own = facts[f"{side}s"].get(name, {})
                stamps = register.moments.relation(number, name)
                if name in shared:
                    organisation = organisation_of[shared[name]]
                    account = register.names.account(int(organisation) - 1_000_000)
                    yield more(number, own, organisation, account, stamps)
                    continue
                organisation = register.organisation(pairs[number], own, stamps)
                yield more(number, own, organisation, register.bank_account(organisation, own), stamps)

    def _shared(self, own: dict[str, Any]) -> tuple[str, str]:
        """Currency and VAT duty."""
        country = own.get("country", "NL")
        duty = DOMESTIC if country == "NL" else WITHIN_EU if self.register.countries[country] else OUTSIDE_EU
        return own.get("currency", "EUR"), duty

    def _supplier_more(
        self, number: int, own: dict[str, Any], organisation: str, account: Account, stamps: tuple[str, str]
    ) -> Row:
        conditions, reviewers = self._facts["supplier_conditions"], self._facts["reviewers"]
        condition = own.get("payment_condition") or conditions[number % len(conditions)]
        currency, duty = self._shared(own)
        reviewer = reviewers[number % len(reviewers)] if number % 5 == 2 else None
        method = "1" if currency == "EUR" else "4"
        head = (str(number), organisation, "1600", condition, currency, duty, reviewer, _contra(number), method)
        automatic = int(own.get("auto_payment", number % 3 == 0))
        return (*head, automatic, None, *_blocks(own), *account, *stamps)

    def _customer_more(
        self, number: int, own: dict[str, Any], organisation: str, account: Account, stamps: tuple[str, str]
    ) -> Row:
        conditions = self._facts["customer_conditions"]
        condition = own.get("payment_condition") or conditions[number % len(conditions)]
        limit = (5_000 + number % 8 * 2_500) * 1_000_000
        head = (str(number), organisation, "1300", condition, *self._shared(own), None, None, None)
        return (*head, int("mandate" in own), limit, *_blocks(own), *account, *stamps, own.get("mandate"))


def _blocks(own: dict[str, Any]) -> tuple[int, int]:
    return int(own.get("temporarily_blocked", False)), int(own.get("blocked", False))


def _contra(number: int) -> str | None:
    """The cost account that some suppliers' invoices are booked on by preference."""
    return (None, "4210", "4510", None, "4330", "7000", "4115")[number % 7]
