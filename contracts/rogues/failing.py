"""Mistakes when the line or AFAS fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from careful import PURCHASE, CarefulClient, Failed, Row

from contracts.rogues.base import rogue


@rogue("Sends a booking again without looking what became of the first.", caught_by="faults/lost-answer-after-commit")
class BlindRetry(CarefulClient):
    def looked(self, look: Callable[[], Any]) -> Any:
        return None


@rogue("Takes a booking without an answer for done.", caught_by="faults/lost-before-commit")
class AssumesSuccess(CarefulClient):
    def looked(self, look: Callable[[], Any]) -> Any:
        return look() or {"EnNo": 1, "InId": "F-1", "SbId": 1, "CrId": "50000", "DbId": "10001"}


@rogue("Says that a booking without an answer is refused.", caught_by="faults/unknown-outcome-told")
class UnknownAsRejected(CarefulClient):
    def unanswered(self, call: str, why: str) -> Failed:
        return Failed(super().unanswered(call, why).args[0])


@rogue("Tries again at once, whatever went wrong.", caught_by="faults/locked-layout-waits")
class NoWaiting(CarefulClient):
    def wait(self, error: Failed, attempt: int) -> float | None:
        return None if super().wait(error, attempt) is None else 0.001


@rogue("Waits equally long before each try.", caught_by="faults/locked-layout-waits")
class EvenWaits(CarefulClient):
    def wait(self, error: Failed, attempt: int) -> float | None:
        return super().wait(error, 1 if attempt < self.attempts else attempt)


@rogue("Gives up at once when another user has the booking layout open.", caught_by="faults/locked-layout-retried")
class GivesUpOnLock(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        error.wait = None if error.reference else error.wait
        return error


@rogue("Comes back before the time that AFAS asked for in maintenance.", caught_by="faults/maintenance-obeyed")
class IgnoresMaintenance(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        error.wait = 0.01 if error.wait else error.wait
        return error


@rogue("Sends a body again that AFAS has refused.", caught_by="faults/validation-not-retried")
class RetriesValidation(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        error.wait = 0.01 if answer.status_code >= 500 and error.wait is None else error.wait
        return error


@rogue("Takes any answer of status 200 for success.", caught_by="faults/garbage-answer")
class GarbageIsFine(CarefulClient):
    def parsed(self, text: str) -> Any:
        try:
            return super().parsed(text)
        except ValueError:
            keys = {"EnNo": 1, "InId": "F-1", "SbId": 1, "CrId": "50000", "DbId": "10001"}
            return {"rows": [], "results": dict.fromkeys(("FiEntryPar", "KnSubject", "KnPurchaseRelationOrg"), keys)}


@rogue("Takes a page that is cut off for the last one.", caught_by="faults/page-cut-off")
class CutOffIsTheEnd(CarefulClient):
    def get(self, path: str, key: str, query: str = "") -> list[Row]:
        try:
            return super().get(path, key, query)
        except Failed as error:
            if key != "rows" or error.outcome != "unknown":
                raise
            return []

    def wait(self, error: Failed, attempt: int) -> float | None:
        return None


@rogue("Takes AFAS' message about its time limit for a refusal.", caught_by="faults/time-limit-of-afas")
class TimeLimitIsRefusal(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        error.outcome = "rejected" if error.reference else error.outcome
        return error


@rogue("Gives up after half a second and calls that a refusal.", caught_by="faults/slow-answer")
class Impatient(UnknownAsRejected):
    timeout = 0.5


@rogue("Looks what became of a booking after the first loss only.", caught_by="faults/lost-more-than-once")
class LooksOnce(CarefulClient):
    looks = 0

    def begin(self) -> None:
        super().begin()
        self.looks = 0

    def looked(self, look: Callable[[], Any]) -> Any:
        self.looks += 1
        return super().looked(look) if self.looks == 1 else None


@rogue("Looks for lost purchase invoices, but not for sales.", caught_by="faults/sale-booked-once")
class LosesSales(CarefulClient):
    def find_invoice(self, side: Row, given: Row) -> Row | None:
        return super().find_invoice(side, given) if side is PURCHASE else None


@rogue("Takes an error without a word for a refusal.", caught_by="faults/unexpected-error-told")
class WordlessIsRefusal(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        return Failed(str(error)) if answer.status_code == 500 and not answer.content else error


@rogue("Takes a release without an answer for done.", caught_by="faults/release-repeated")
class AssumesRelease(CarefulClient):
    def release_invoice(self, administration: Any, supplier_id: str, invoice_number: str) -> Row:
        self.attempts = 1
        try:
            return super().release_invoice(administration, supplier_id, invoice_number)
        except Failed as error:
            if error.outcome == "unknown":
                return {}
            raise


@rogue("Takes a table that it cannot read for an empty one.", caught_by="faults/unreadable-told")
class UnreadableIsEmpty(CarefulClient):
    def read(self, connector: str, changed_since: str | None = None) -> Row:
        try:
            return super().read(connector, changed_since)
        except Failed:
            return {"rows": []}


@rogue("Comes back soon, however long maintenance lasts.", caught_by="faults/long-maintenance-told")
class CannotWait(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        error.wait = min(error.wait, 0.3) if error.wait else error.wait
        return error


@rogue("Takes maintenance between two pages for the end.", caught_by="faults/maintenance-during-sync")
class MaintenanceIsTheEnd(CarefulClient):
    def get(self, path: str, key: str, query: str = "") -> list[Row]:
        self.attempts = 1 if key == "rows" else CarefulClient.attempts
        try:
            return super().get(path, key, query)
        except Failed as error:
            if key != "rows" or not error.wait:
                raise
            return []


@rogue("Knows 503 and takes 429 for a refusal.", caught_by="faults/throttled")
class Knows503Only(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        return Failed(str(error)) if answer.status_code == 429 else error
