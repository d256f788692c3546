"""Mistakes about what a licence may lack."""

from __future__ import annotations

from decimal import Decimal

from careful import NAMES, CarefulClient, Failed, Row

from contracts.rogues.base import rogue


@rogue("Stops at the first feature that is missing.", caught_by="features/works-without")
class StopsWithoutFeature(CarefulClient):
    def fields(self, connector: str) -> list[Row]:
        missing = [name for name, there in self.features().items() if not there]
        if missing:
            raise Failed(f"AFAS Profit without {missing[0]} is not supported")
        return super().fields(connector)


@rogue("Says that every feature is there.", caught_by="features/reported")
class ClaimsEveryFeature(CarefulClient):
    def features(self) -> dict[str, bool]:
        return dict.fromkeys(NAMES["features"], True)


@rogue("Looks for projects under a name that AFAS does not have.", caught_by="features/reported")
class MissesProjects(CarefulClient):
    def features(self) -> dict[str, bool]:
        return super().features() | {"projects": self.has("Zenvoices_ProjectPhases")}


@rogue("Sends fields of features that the environment lacks.", caught_by="features/nothing-sent")
class SendsMissingFeatures(CarefulClient):
    def line(self, line: Row, amount: Decimal, *, debit: bool) -> Row:
        made = super().line(line, amount, debit=debit)
        made["Fields"] |= {"CmNo": line["commitment"]} if "commitment" in line else {}
        made["Fields"] |= {"PrId": line["project"]} if "project" in line else {}
        if line.get("allocations"):
            codes = {f"DiC{axis}": code for axis, code in line["allocations"].items()}
            made["Objects"]["FiDimEntries"] = {"Element": {"Fields": codes}}
        return made


@rogue("Keeps the features of the environment it saw first.", caught_by="features/asked-anew")
class CachesFeatures(CarefulClient):
    seen: dict[str, bool] | None = None

    def features(self) -> dict[str, bool]:
        CachesFeatures.seen = CachesFeatures.seen or super().features()
        return CachesFeatures.seen


@rogue("Calls connectors without asking whether they are there.", caught_by="features/missing-not-called")
class CallsWhatIsMissing(CarefulClient):
    def fields(self, connector: str) -> list[Row]:
        if not self.has(connector):
            self.get(f"connectors/{connector}", "rows")
        return super().fields(connector)


@rogue("Looks up currencies where the environment has none.", caught_by="features/relations-without")
class LooksUpCurrencies(CarefulClient):
    def own_currency(self, administration: str = "") -> str:
        known = {row["CurrencyId"] for row in self.rows("Zenvoices_Currencies")}
        own = super().own_currency(administration)
        return own if own in known else "EUR"


@rogue("Books amounts as euros where currencies are missing.", caught_by="features/missing-currency-told")
class ForeignAsEuros(CarefulClient):
    def rate(self, given: Row) -> Decimal | None:
        return super().rate(given) if self.features()["currencies"] else None


@rogue("Takes a table that the environment lacks for an empty one.", caught_by="features/missing-told")
class MissingIsEmpty(CarefulClient):
    def read(self, connector: str, changed_since: str | None = None) -> Row:
        return super().read(connector, changed_since) if self.has(connector) else {"rows": []}
