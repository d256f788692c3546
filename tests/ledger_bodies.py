"""Small bodies of FiEntries that the tests of the ledger vary on."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def line(kind: str, number: str, amount: float, below: dict[str, Any] | None = None, **fields: Any) -> Body:
    """A line; ``amount`` above zero is debit. A field that is None is left out; ``below`` holds elements by object."""
    side = {"AmDe": amount} if amount >= 0 else {"AmCr": -amount}
    given = {"VaAs": kind, "AcNr": number, "EnDa": "2024-03-05", "BpDa": "2024-03-05", **side, **fields}
    element: Body = {"Fields": {name: value for name, value in given.items() if value is not None}}
    if below is not None:
        element["Objects"] = [
            {name: {"Element": [{"Fields": fields} for fields in parts]}} for name, parts in below.items()
        ]
    return element


def entry(*lines: Body, **head: Any) -> Body:
    """An entry of ``lines`` in the purchase journal of administration 1, unless ``head`` says otherwise."""
    given = {"Year": 2024, "Peri": 3, "UnId": 1, "JoCo": "10", **head}
    fields = {name: value for name, value in given.items() if value is not None}
    element: Body = {"Fields": fields, "Objects": {"FiEntries": {"Element": list(lines)}}}
    return {"FiEntryPar": {"Element": element}}


def purchase(
    *,
    head: dict[str, Any] | None = None,
    relation: dict[str, Any] | None = None,
    cost: dict[str, Any] | None = None,
    vat: dict[str, Any] | None = None,
    everywhere: dict[str, Any] | None = None,
    creditor: str = "50013",
    account: str = "4510",
    net: float = 100,
) -> Body:
    """A purchase at the high rate, with changes to its head and its lines."""
    tax, shared = round(net * 0.21, 2), everywhere or {}
    return entry(
        line("3", creditor, -round(net + tax, 2), **{"InId": "F-1", **shared, **(relation or {})}),
        line("1", account, net, **{"VaId": "5", **shared, **(cost or {})}),
        line("1", "1500", tax, **{"VaId": "5", **shared, **(vat or {})}),
        **(head or {}),
    )


def sale(*, account: str = "8010", debtor: str = "10004", invoice: str | None = "S-1", **cost: Any) -> Body:
    """A sale at the high rate; ``cost`` changes the line of the revenue."""
    return entry(
        line("2", debtor, 121, InId=invoice),
        line("1", account, -100, **{"VaId": "1", **cost}),
        line("1", "1510", -21, VaId="1"),
        JoCo="20",
    )


def memorial(*lines: Body, **head: Any) -> Body:
    return entry(*lines, **{"JoCo": "80", **head})


def payment(invoice: str | None, amount: float, *, creditor: str = "60005", **fields: Any) -> Body:
    """A bank payment to a creditor, of ``amount``."""
    return entry(line("1", "1100", -amount), line("3", creditor, amount, InId=invoice, **fields), JoCo="50")


SPREAD = {"YeSt": 2024, "PeSt": 4, "YeEn": 2024, "PeEn": 6}


def two(first: Body, number: str = "1901", **head: Any) -> Body:
    """A memorial of ``first`` and its counterpart."""
    fields = first["Fields"]
    amount = float(fields.get("AmCr", 0)) - float(fields.get("AmDe", 0))
    return memorial(line("1", number, amount), first, **head)


def allocated(account: str = "4600", amount: float = 100, *parts: dict[str, Any]) -> Body:
    return two(line("1", account, amount, {"FiDimEntries": list(parts)} if parts else None))


def costs(**fields: Any) -> Body:
    given = {"PrId": "300000", "ItCd": "K01", "AmCo": 100, **fields}
    return two(line("1", "4320", 100, {"FiPrjEntries": [{k: v for k, v in given.items() if v is not None}]}))


def spread(**fields: Any) -> Body:
    given = {name: value for name, value in {**SPREAD, **fields}.items() if value is not None}
    return two(line("1", "4130", 120, {"FiTransEntries": [given]}))


#: Bodies of the kinds that AFAS documents: all of them are accepted.
ACCEPTED: dict[str, Body] = {
    "cash book: a debtor pays an open invoice": entry(
        line("1", "1000", 273.70), line("2", "10208", -273.70, InId="00001893"), JoCo="40", Year="2013", Peri="1"
    ),
    "bank: a debtor pays with a V number": entry(
        line("1", "1100", 2082.5, AmCr="0"), line("2", "10044", -2082.5, InId="V0002407", AmDe="0"), JoCo="50"
    ),
    "bank without the journal's own account": entry(
        line("2", "10044", -10, InId="V0002407"), line("1", "1901", 10), JoCo="50"
    ),
    "general journal 82": two(line("1", "4220", -95.5), JoCo="82"),
    "opening balance 73 with open items": memorial(
        line("3", "50003", -500, InId="OUD1"), line("2", "10001", 700, InId="OUD2"), line("1", "0520", -200), JoCo="73"
    ),
    "inventory": entry(line("1", "7210", 318.45), line("1", "3000", -318.45), JoCo="95"),
    "January dates in period 6": two(
        line("1", "0100", -100, EnDa="2023-01-01", BpDa="2023-01-01"), Year="2023", Peri="6"
    ),
    "dates of 2019 in 2018": purchase(
        head={"Year": 2018, "Peri": 1}, everywhere={"EnDa": "2019-01-01", "BpDa": "2019-01-01"}
    ),
    "an entry date in no period": two(line("1", "0200", 5, EnDa="2009-05-01")),
    "no administration": purchase(head={"UnId": None}),
    "strings and booleans": purchase(
        head={"UnId": "1", "Year": "2024", "Peri": "3", "AuNu": "true"}, relation={"InId": None, "BlPa": "1"}
    ),
    "codes without regard to case": purchase(cost={"PrId": "300000"}, relation={"Judg": "allardj", "CuId": "eur"}),
    "a currency whose rate does not agree": purchase(
        relation={"CuId": "NOK", "Rate": "7.5", "AmDc": "0", "AmCc": "1"}, creditor="60002"
    ),
    "no VAT line": entry(line("3", "60002", -10_000, InId="N1"), line("1", "4210", 10_000, VaId="5")),
    "a credit invoice": entry(
        line("3", "50013", 121, InId="C1"), line("1", "4510", -100, VaId="5"), line("1", "1500", -21, VaId="5")
    ),
    "negative amounts": entry(
        line("3", "50013", 0, InId="C2", AmDe=None, AmCr=-121), line("1", "4510", -100, AmCr=None, AmDe=-121)
    ),
    "two creditors in one entry": entry(
        line("3", "50013", -50, InId="A"), line("3", "50011", -50, InId="A"), line("1", "4210", 100)
    ),
    "G-account": purchase(creditor="60021", relation={"AmGa": "40"}),
    "custom fields": purchase(cost={"U5AB3CE2A4F1B4A1D8A1F2A3B4C5D6E7F": "vrij"}),
    "costs in two parts": allocated("4600", 100, {"DiC1": "11", "AmDe": 25}, {"DiC1": "12", "AmDe": 75}),
    "project costs that do not make the amount": costs(AmCo=1, Ch=1, AmSe=3, Qu="1"),
    "accrual with a suspense account": spread(SuAc="1400", VaRo="G"),
    "a due date before the invoice": purchase(relation={"DaEx": "2024-01-01"}),
    "commitment on the creditor": purchase(creditor="50022", account="4700", relation={"CmNo": 7}),
    "commitment on every line": purchase(creditor="50022", account="4710", everywhere={"CmNo": 7}),
    "terms and references": purchase(
        relation={
            "PaCd": "30",
            "PaId": "1012000118806",
            "Fref": "REF",
            "AuPa": True,
            "DdId": "M1",
            "DaCl": 8,
            "VaPa": 1,
            "DaDp": 8,
            "AmDp": 2.5,
            "AcPa": 2.5,
            "Mref": "X",
            "CaId": 1,
            "OrNu": "1",
            "RsNo": 3,
            "IB47": False,
        }
    ),
}
