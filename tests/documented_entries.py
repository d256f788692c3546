"""Financial entries of the kinds that AFAS' pages show, with the numbers of the demo environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Amount = str | float


def line(kind: str, account: str, debit: Amount = "0", credit: Amount = "0", *below: Json, **fields: Any) -> Json:
    day = fields.pop("day", "2013-01-02")
    given = {"VaAs": kind, "AcNr": account, "EnDa": day, "BpDa": day, "AmDe": debit, "AmCr": credit}
    element: Json = {"Fields": {**given, **fields}}
    return element | ({"Objects": {name: part[name] for part in below for name in part}} if below else {})


def parts(name: str, *fields: Json) -> Json:
    """Elements of an object below a line: one as an object, several as an array."""
    elements = [{"Fields": each} for each in fields]
    return {name: {"Element": elements[0] if len(elements) == 1 else elements}}


def entry(journal: str, *lines: Json, **head: Any) -> Json:
    fields = {"Year": "2013", "Peri": "1", "UnId": "1", "JoCo": journal, **head}
    return {"FiEntryPar": {"Element": {"Fields": fields, "Objects": {"FiEntries": {"Element": list(lines)}}}}}


def purchase(
    *costs: Json, creditor: str = "60014", amount: str = "12100", head: Json | None = None, **own: Any
) -> Json:
    return entry("10", line("3", creditor, credit=amount, **{"InId": "INK9", **own}), *costs, **(head or {}))


def sale(*revenues: Json, debtor: str = "10004", amount: str = "12100", head: Json | None = None, **own: Any) -> Json:
    return entry("20", line("2", debtor, debit=amount, **{"InId": "VK9", **own}), *revenues, **(head or {}))


COSTS = (line("1", "4210", "10000", VaId="5"), line("1", "1500", "2100", VaId="5"))
REVENUES = (line("1", "8010", credit="10000", VaId="1"), line("1", "1510", credit="2100", VaId="1"))
FIVE_AXES = {"DiC1": "WEST", "DiC2": "ICT", "DiC3": "LOG", "DiC4": "NOORD", "DiC5": "MAAT"}
WORK = {"PrId": "300000", "ItCd": "K01", "Ds": "Doorbelasting", "AmCo": "5000", "Ch": "1", "AmSe": "5000", "Qu": "1"}
SPREAD = {"YeSt": "2014", "PeSt": "1", "YeEn": "2014", "PeEn": "12"}


def _cash_and_bank() -> Iterator[tuple[str, Json]]:
    yield (
        "cash book: a debtor pays",
        entry(
            "40",
            line("1", "1000", "273.70", BpNr="KAS1"),
            line("2", "10208", credit="273.70", InId="00001893", BpNr="KAS1"),
        ),
    )
    yield (
        "cash book: a creditor is paid",
        entry("40", line("1", "1000", credit="317.29"), line("3", "50013", "317.29", InId="INK00190")),
    )
    yield (
        "cash book: costs with VAT",
        entry(
            "40",
            line("1", "1000", credit="109"),
            line("1", "4055", "100", VaId="6"),
            line("1", "1500", "9", VaId="6"),
        ),
    )
    yield (
        "cash book: a sale with VAT",
        entry(
            "40",
            line("1", "1000", "121"),
            line("1", "8010", credit="100", VaId="1"),
            line("1", "1510", credit="21", VaId="1"),
        ),
    )
    yield (
        "bank: a debtor pays",
        entry("50", line("1", "1100", "2082.50", BpNr="B1"), line("2", "10044", credit="2082.50", InId="V0002407")),
    )
    yield (
        "bank: a debtor pays a part",
        entry("50", line("1", "1100", "10"), line("2", "49299", credit="10", InId="VK004979", Mref="M")),
    )
    yield (
        "bank: a creditor is paid without naming an invoice",
        entry("50", line("1", "1100", credit="50"), line("3", "60014", "50")),
    )
    yield (
        "bank: what nobody knows yet",
        entry("50", line("1", "1100", "50"), line("1", "1901", credit="50", Ds="Onbekend")),
    )
    yield (
        "bank: in a currency",
        entry(
            "50",
            line("1", "1100", credit="1000", CuId="NOK", Rate="7.5", AmDc="0", AmCc="7500"),
            line("3", "60002", "1000", CuId="NOK", Rate="7.5", AmDc="7500", AmCc="0", InId="N1"),
        ),
    )

    yield (
        "bank: two invoices at once",
        entry(
            "50",
            line("1", "1100", credit="2123.51"),
            line("3", "60005", "1806.22", InId="INK00188"),
            line("3", "50013", "317.29", InId="INK00190"),
        ),
    )
    yield (
        "bank: keys and amounts as JSON has them",
        entry("50", line("1", "1100", credit=50), line("3", "60014", 50.0), Year=2013, Peri=1, UnId=1, AuNu=False),
    )


#: Accounts of AFAS' examples that take allocation on any axis.
ALLOCATED = ("0200", "3000", "3020", "3030", "3300", "3600", "4055", "4210", "4330", "4360", "4510", "8010", "8070")


def _general() -> Iterator[tuple[str, Json]]:
    for account in ALLOCATED:
        yield (
            f"journal: account {account} on five axes",
            entry(
                "95",
                line("1", account, "100", "0", parts("FiDimEntries", {**FIVE_AXES, "AmDe": "100", "AmCr": "0"})),
                line("1", "1901", credit="100"),
            ),
        )
    yield "journal: an account below the debtors'", entry("73", line("1", "1301", "5"), line("1", "1000", credit="5"))
    yield (
        "journal: allocated without amounts",
        entry(
            "80",
            line("1", "0100", "0", "100", parts("FiDimEntries", {"DiC1": "11"}), day="2023-01-01"),
            line("1", "0200", "100", day="2023-01-01"),
            Year="2023",
            Peri="6",
        ),
    )
    yield (
        "journal: VAT of either side",
        entry(
            "80",
            line("1", "4210", "100", VaId="5"),
            line("1", "1500", "21", VaId="5"),
            line("1", "8010", credit="100", VaId="1"),
            line("1", "1510", credit="21", VaId="1"),
        ),
    )
    yield "journal: debtor against creditor", entry("82", line("2", "10001", "100"), line("3", "50013", credit="100"))
    yield "journal: opening balance", entry("73", line("1", "0520", credit="100"), line("1", "1100", "100"))
    yield "journal: negative amounts", entry("80", line("1", "0100", "-100"), line("1", "0200", "0", "-100"))
    for number, kind, item in (("600000", "6", "K02"), ("910004", "1", "T1"), ("300000", "2", "1000")):
        costs = parts("FiPrjEntries", {"PrId": number, "VaIt": kind, "ItCd": item, "Qu": "2", "EmId": "5000430"})
        yield (
            f"journal: project costs of item {item}",
            entry("80", line("1", "4320", "100", "0", costs), line("1", "1901", credit="100")),
        )
    yield "stock: to work in progress", entry("95", line("1", "3300", "100"), line("1", "3000", credit="100"))
    yield "stock: goods received", entry("95", line("1", "3020", "100", BpNr="V1"), line("1", "3600", credit="100"))


def _purchases() -> Iterator[tuple[str, Json]]:
    for code in ("7", "8", "9", "12", "13", "15"):
        yield f"purchase: VAT code {code}", purchase(line("1", "4210", "12100", VaId=code))
    yield (
        "purchase: reverse charge with its own lines",
        purchase(
            line("1", "4210", "12100", VaId="7"),
            line("1", "1520", credit="2541", VaId="7"),
            line("1", "1500", "2541", VaId="7"),
        ),
    )
    for account in ("0100", "3000", "3020", "3030", "3300", "3600", "4055", "4330", "4360", "4510"):
        yield (
            f"purchase: account {account}",
            purchase(line("1", account, "10000", VaId="5"), line("1", "1500", "2100", VaId="5")),
        )
    yield (
        "purchase: allocated",
        purchase(
            line("1", "4330", "10000", "0", parts("FiDimEntries", {"DiC1": "WEST", "DiC2": "ICT", "AmDe": "10000"})),
            line("1", "1500", "2100", VaId="5"),
        ),
    )
    yield (
        "purchase: project costs that are allocated",
        purchase(line("1", "4320", "12100", "0", parts("FiPrjEntries", WORK), parts("FiDimEntries", {"DiC1": "WEST"}))),
    )
    for project, item in (("300000", "K01"), ("600000", "T1"), ("910004", "1000")):
        yield (
            f"purchase: project {project} in the other administration",
            purchase(
                line("1", "4320", "12100", "0", parts("FiPrjEntries", {"PrId": project, "ItCd": item})),
                head={"UnId": "2"},
            ),
        )
    yield "purchase: project on a line", purchase(line("1", "4510", "12100", PrId="910004"))
    yield "purchase: G-account", purchase(*COSTS, creditor="60021", AmGa="4000", Judg="KEESZ")
    yield "purchase: reviewed by an employee", purchase(*COSTS, Judg="5000430")
    yield "purchase: credit note", entry("10", line("3", "60014", "121", InId="C9"), line("1", "4210", credit="121"))
    yield (
        "purchase: over a year",
        purchase(line("1", "4510", "10000", "0", parts("FiTransEntries", SPREAD), VaId="5"), COSTS[1]),
    )
    yield (
        "purchase: over a year, through an account",
        purchase(line("1", "4510", "12100", "0", parts("FiTransEntries", {**SPREAD, "SuAc": "1901", "VaRo": "G"}))),
    )
    yield (
        "purchase: terms, references and a discount",
        purchase(
            *COSTS,
            PaCd="30",
            PaId="123",
            AuPa="1",
            PaBa="0",
            DaCl="8",
            VaPa="1",
            DaDp="8",
            AmDp="2",
            Fref="F",
            IB47="0",
        ),
    )
    yield (
        "purchase: everything empty",
        purchase(*COSTS, head={"AuNu": "", "AdDc": ""}, CuId="", Rate="", DaEx="", Judg="", PrId="", CmNo="", AmGa=""),
    )
    yield "purchase: the other administration", purchase(*COSTS, head={"UnId": "2"})
    yield "purchase: numbered, though it has a number", purchase(*COSTS, head={"AuNu": True})


def _sales() -> Iterator[tuple[str, Json]]:
    for code in ("2", "3", "4", "10", "11", "14"):
        yield f"sale: VAT code {code}", sale(line("1", "8010", credit="12100", VaId=code))
    for account in ("8070", "8100", "8150"):
        yield f"sale: account {account}", sale(line("1", account, credit="10000", VaId="1"), REVENUES[1])
    yield (
        "sale: in pounds",
        sale(
            line("1", "8010", credit="10000", VaId="11"),
            debtor="20000",
            amount="10000",
            CuId="GBP",
            Rate="0.8",
            AmDc="8000",
            AmCc="0",
        ),
    )
    yield "sale: on five axes", sale(line("1", "8000", "0", "10000", parts("FiDimEntries", FIVE_AXES)), REVENUES[1])
    halves = [{"DiC1": code, "DiC2": "ICT", "AmDe": "0", "AmCr": "5000"} for code in ("WEST", "OOST")]
    yield "sale: in two parts", sale(line("1", "8074", "0", "10000", parts("FiDimEntries", *halves)), REVENUES[1])
    new = {"DiC1": "NIEUW", "DiC2": "ICT"}
    yield (
        "sale: a code that is made",
        sale(
            line("1", "8074", "0", "12100", parts("FiDimEntries", new)), debtor="10060", head={"AdDc": "1", "AdDa": "1"}
        ),
    )
    yield (
        "sale: project",
        sale(
            line("1", "8080", "0", "10000", parts("FiPrjEntries", WORK, {**WORK, "ItCd": "K02"}), VaId="1"), REVENUES[1]
        ),
    )
    yield "sale: collected by mandate", sale(*REVENUES, debtor="10114", DdId="6001649", AuPa="1")


def bodies() -> Iterator[tuple[str, Json]]:
    """Every entry, and what it is for."""
    for kind in (_cash_and_bank, _general, _purchases, _sales):
        yield from kind()
