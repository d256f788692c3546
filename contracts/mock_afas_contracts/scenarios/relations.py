"""Suppliers and customers: each exists once, as it was told, and changes where it was told to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed, Ok
from mock_afas_contracts.model import Side
from mock_afas_contracts.observed import Row
from mock_afas_contracts.scenarios.faults import arrange, until_known
from mock_afas_contracts.story import Story

PLAIN: Mapping[str, Any] = {
    "name": "Nieuw & Zonen",
    "country": "NL",
    "street": "Dorpsstraat",
    "house_number": "12",
    "postal_code": "1234AB",
    "city": "Utrecht",
}
_IBAN, _OTHER_IBAN = "NL91ABNA0417164300", "NL02ABNA0123456789"
#: Where a relation is the same in the words of the protocol and in the books.
_SAME = ("name", "street", "postal_code", "city", "country", "iban", "vat_number", "coc_number", "payment_condition")


def create(story: Story, side: Side, given: Mapping[str, Any]) -> str:
    """Lets the client create a relation and gives the number that it tells."""
    return str(story.succeed(f"create_{side}", **given)[f"{side}_id"])


def rows_of(story: Story, side: Side) -> dict[str, Row]:
    """The relations that the story added or changed, by number."""
    changes = story.changes()
    rows = changes.suppliers if side == "supplier" else changes.customers
    return {str(row[f"{side}_id"]): row for row in rows}


def is_there(story: Story, side: Side, number: str, given: Mapping[str, Any]) -> None:
    """The relation of that number is in the books as it was told."""
    row = rows_of(story, side).get(number)
    if row is None:
        story.fail(f"the {side} is there under the number that the client tells", number=number)
    wanted = {name: given[name] for name in _SAME if name in given}
    wrong = {name: {"wanted": value, "is": row[name]} for name, value in wanted.items() if row[name] != value}
    house = f"{row['house_number'] or ''}{row['house_number_addition'] or ''}"
    if _squeezed(house) != _squeezed(given["house_number"]):
        wrong["house_number"] = {"wanted": given["house_number"], "is": house}
    story.check(not wrong, f"the {side} is as it was told", **wrong)


def _squeezed(text: object) -> str:
    return "".join(char for char in str(text) if char.isalnum())


# ---------------------------------------------------------------- once


def _created_once(story: Story, side: Side) -> None:
    given = {**PLAIN, **story.draw(strategies.relations())}
    first = create(story, side, given)
    if story.draw(st.booleans()):
        story.restart_client()
    second = create(story, side, given)
    story.check(first == second, f"the {side} is found again", first=first, second=second)
    made = sorted(rows_of(story, side))
    story.check(made == [first], f"the {side} exists once", told=first, there=made)


@contract(
    id="relations/created-once",
    sentence="A supplier that is asked for a second time is found again, with its number, and not created twice.",
    severity="must",
    evidence="assumed: Profit takes a second relation of the same name without a word",
    operations=("create_supplier",),
    examples=0.4,
)
def created_once(story: Story) -> None:
    _created_once(story, "supplier")


@contract(
    id="relations/customer-created-once",
    sentence="A customer that is asked for a second time is found again, with its number, and not created twice.",
    severity="must",
    evidence="assumed: Profit takes a second relation of the same name without a word",
    operations=("create_customer",),
    examples=0.25,
)
def customer_created_once(story: Story) -> None:
    _created_once(story, "customer")


#: Names of companies that are not the same, the second not to be taken for the first.
_SIMILAR = [
    ["Bakker Holding B.V.", "Bakker"],
    ["Bakker", "Bakker Holding B.V."],
    ["De Bakker", "Bakker"],
    ["Café Één", "Cafe Een"],
    ["Jansen & Zn.", "Jansen Zn."],
    ["Bakker", "Bakker"],
]


@contract(
    id="relations/similar-told-apart",
    sentence="A supplier is not taken for another with a similar name, or the same name elsewhere.",
    severity="must",
    evidence="assumed: names are no keys, and whether case and accents count differs (AMB-03)",
    operations=("create_supplier",),
    dialects=("collation",),
    examples=0.5,
)
def similar_told_apart(story: Story) -> None:
    one, another = story.draw(st.sampled_from(_SIMILAR))
    first = {**PLAIN, "name": one, "iban": _IBAN}
    elsewhere = {"street": "Havenkade", "house_number": "7", "postal_code": "9876ZY", "city": "Groningen"}
    second = {**PLAIN, **elsewhere, "name": another, "iban": _OTHER_IBAN}
    numbers = [create(story, "supplier", first), create(story, "supplier", second)]
    story.check(numbers[0] != numbers[1], "different suppliers have different numbers", numbers=numbers)
    for number, given in zip(numbers, (first, second), strict=True):
        is_there(story, "supplier", number, given)


#: Names with what has a meaning in filters, lists, URLs, patterns or JSON.
NAMES = [
    "Jansen, Pieters & Zn.",
    "Hout; Steen",
    "100% Bio_Logisch",
    "Müller+Söhne = ?",
    'Café "De Ëén" \\ [2]',
    "漢字 🏢 Bouw",
    "*Ster* #1",
    "A" * 45,
]


@contract(
    id="relations/found-by-any-name",
    sentence="A supplier that is there already is found, whatever characters its name has.",
    severity="must",
    evidence="documented: lists of filters are separated by commas and semicolons; filterjson has no such signs",
    operations=("create_supplier",),
    dialects=("bad_filter",),
    examples=0.67,
)
def found_by_any_name(story: Story) -> None:
    given = {**PLAIN, "name": story.draw(st.sampled_from(NAMES)), "iban": _IBAN}
    row = {**given, "house_number": 12, "currency": "EUR", "type": "O"}
    story.put_data("suppliers", [{**row, "supplier_id": "70000"}])
    number = create(story, "supplier", given)
    story.check(number == "70000", "the supplier that is there is found", told=number)
    made = sorted(rows_of(story, "supplier"))
    story.check(made == ["70000"], "no second supplier is created", there=made)


@contract(
    id="relations/found-among-namesakes",
    sentence="A supplier is found among more of the same name than fit into one page.",
    severity="must",
    evidence="documented: 100 rows unless asked otherwise, and no order unless asked for",
    operations=("create_supplier",),
    examples=0.17,
)
def found_among_namesakes(story: Story) -> None:
    count = story.draw(st.sampled_from([120, 230]))
    rows = [
        {**PLAIN, "supplier_id": str(70000 + at), "house_number": 12, "city": f"Plaats {at}", "currency": "EUR"}
        for at in range(count)
    ]
    story.put_data("suppliers", rows)
    wanted = story.draw(st.sampled_from([count - 1, 110]))
    number = create(story, "supplier", {**PLAIN, "city": f"Plaats {wanted}"})
    story.check(number == str(70000 + wanted), "the right one is found", told=number, wanted=70000 + wanted)


# ---------------------------------------------------------------- as it was told

#: Always with accents, and with a character that needs four bytes of UTF-8.
_odd_names = strategies.names.map(lambda text: f"Café {text[:20].strip()} 🏢")


@contract(
    id="relations/names-unchanged",
    sentence="A supplier's name arrives as it was told: accents, quotes, and characters beyond the plane.",
    severity="must",
    evidence="documented: bodies are JSON in UTF-8",
    operations=("create_supplier",),
    examples=0.34,
)
def names_unchanged(story: Story) -> None:
    given = {**PLAIN, "name": story.draw(_odd_names)}
    is_there(story, "supplier", create(story, "supplier", given), given)


@contract(
    id="relations/address-whole",
    sentence="An address arrives whole: street, number with what follows it, postal code, city, country.",
    severity="must",
    evidence="documented: the number of a house and its addition are fields of their own",
    operations=("create_supplier",),
    examples=0.5,
)
def address_whole(story: Story) -> None:
    house = story.draw(st.sampled_from(["12 bis", "221B", "16-3", "1", "144 hs", "9999 A1"]))
    street = story.draw(st.sampled_from(["Plein 1944", "'s-Gravenweg", "2e Dwarsstraat"]))
    city = story.draw(st.sampled_from(["'s-Hertogenbosch", "Súdwest-Fryslân"]))
    given = {**PLAIN, "house_number": house, "street": street, "city": city}
    is_there(story, "supplier", create(story, "supplier", given), given)


@contract(
    id="relations/numbers-kept",
    sentence="A supplier keeps its VAT number, its number at the chamber of commerce and its payment condition.",
    severity="must",
    evidence="documented: they are fields of the relation and of its organisation",
    operations=("create_supplier",),
    examples=0.17,
)
def numbers_kept(story: Story) -> None:
    condition = story.draw(st.sampled_from(["30", "14"]))
    numbers = {"vat_number": "NL001234567B01", "coc_number": "12345678", "payment_condition": condition}
    given = {**PLAIN, **numbers}
    is_there(story, "supplier", create(story, "supplier", given), given)


@contract(
    id="relations/customer-as-told",
    sentence="A customer arrives whole: its name, address, IBAN, numbers and payment condition.",
    severity="must",
    evidence="documented: debtors are created by KnSalesRelationOrg as creditors by KnPurchaseRelationOrg",
    operations=("create_customer",),
    examples=0.25,
)
def customer_as_told(story: Story) -> None:
    more = {"iban": story.draw(strategies.ibans), "coc_number": "12345678", "payment_condition": "30"}
    given = {**PLAIN, **more, "name": story.draw(_odd_names), "house_number": "12 bis"}
    is_there(story, "customer", create(story, "customer", given), given)


@contract(
    id="relations/iban-kept",
    sentence="The IBAN that a supplier is created with is its bank account.",
    severity="must",
    evidence="documented: a bank account is an object of its own within the relation",
    operations=("create_supplier",),
    examples=0.25,
)
def iban_kept(story: Story) -> None:
    given = {**PLAIN, "iban": story.draw(strategies.ibans)}
    is_there(story, "supplier", create(story, "supplier", given), given)


# ---------------------------------------------------------------- changes

_SUPPLIER = "50000"


def _accounts(story: Story, number: str) -> list[str]:
    (owner,) = [row["organisation_id"] for row in story.data("suppliers") if row["supplier_id"] == number]
    return [row["iban"] for row in story.data("bank_accounts") if row["organisation_id"] == owner]


@contract(
    id="relations/iban-added-once",
    sentence="Another IBAN is added to a supplier once, however often the change is made or its answer gets lost.",
    severity="must",
    evidence="assumed: an account that is sent again becomes a second one",
    operations=("update_supplier",),
    faults=("drop",),
    examples=0.25,
)
def iban_added_once(story: Story) -> None:
    lost = story.draw(st.sampled_from(["", "after", "before"]))
    if lost:
        arrange(story, {"kind": "drop"}, connector="KnPurchaseRelationOrg", method="PUT", phase=lost)
    before = _accounts(story, _SUPPLIER)
    for change in ({"iban": _IBAN}, {"iban": _IBAN, "city": "Leiden"}):
        outcome = until_known(story, "update_supplier", supplier_id=_SUPPLIER, **change)
        story.check(isinstance(outcome, Ok), "the client can change a supplier", outcome=str(outcome))
    after = _accounts(story, _SUPPLIER)
    story.check(sorted(after) == sorted([*before, _IBAN]), "the account is added once", before=before, after=after)


#: Changes by the columns of the books that they may touch.
_CHANGES: tuple[tuple[dict[str, Any], frozenset[str]], ...] = (
    ({"city": "Leiden"}, frozenset({"city"})),
    ({"name": "Verhoeven Diensten B.V."}, frozenset({"name", "search_name"})),
    ({"iban": _OTHER_IBAN}, frozenset({"iban", "bic"})),
    ({"street": "Kerkstraat", "house_number": "9"}, frozenset({"street", "house_number", "house_number_addition"})),
    ({"payment_condition": "14"}, frozenset({"payment_condition"})),
)
#: Columns that a change may touch though they are not told, such as the moment.
_BESIDES = frozenset(
    ("modified", "address_id", "postal_address_id", "vat_identification", "fiscal_number", "search_name", "custom")
)


@contract(
    id="relations/only-what-is-named",
    sentence="A change of a supplier changes what it names, and leaves the rest as it was.",
    severity="must",
    evidence="documented: a PUT changes the fields that it has. Assumed: an address is replaced as a whole",
    operations=("update_supplier",),
    dialects=("put_status",),
    examples=0.42,
)
def only_what_is_named(story: Story) -> None:
    given, columns = _CHANGES[story.draw(st.integers(0, len(_CHANGES) - 1))]
    before = next(row for row in story.data("suppliers") if row["supplier_id"] == _SUPPLIER)
    story.succeed("update_supplier", supplier_id=_SUPPLIER, **given)
    after = next(row for row in story.data("suppliers") if row["supplier_id"] == _SUPPLIER)
    wanted = {name: value for name, value in given.items() if name != "house_number"}
    missed = {name: after[name] for name, value in wanted.items() if after[name] != value}
    story.check(not missed, "what the change names is changed", **missed)
    touched = sorted(name for name in before if before[name] != after[name])
    others = {name: [before[name], after[name]] for name in touched if name not in columns | _BESIDES}
    story.check(not others, "the rest of the supplier is as it was", **others)


@contract(
    id="relations/autonumbering-off-told",
    sentence="Where AFAS does not number relations itself, the client says so, and makes up no number.",
    severity="must",
    evidence="documented: autonumbering is a setting of the administration. Seen: without it a number is demanded",
    operations=("create_supplier",),
    examples=0.17,
)
def autonumbering_off_told(story: Story) -> None:
    wanted = story.draw(st.sampled_from(["nl", "en"]))
    if wanted != "nl":
        story.tell_client(language=wanted)
    story.environment(autonumber=False)
    outcome = story.run("create_supplier", **PLAIN)
    if not isinstance(outcome, Failed):
        story.fail("the client says that AFAS asks for a number", told=outcome.result)
    checks.refusal_passed_on(story, outcome)
    made = sorted(rows_of(story, "supplier"))
    story.check(not made, "no supplier is created", there=made)
