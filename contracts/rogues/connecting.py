"""Mistakes at the door: tokens, environments, languages, administrations."""

from __future__ import annotations

from typing import ClassVar

import httpx
from careful import CarefulClient, Failed, Row

from contracts.rogues.base import rogue


@rogue("Sends the token as it is, without base64.", caught_by="connect/token-form")
class RawToken(CarefulClient):
    def authorization(self) -> str:
        return "AfasToken " + self.token


@rogue("Tries a refused token again, in case it works the next time.", caught_by="connect/wrong-token-not-retried")
class RetriesUnauthorized(CarefulClient):
    def refusal(self, answer: httpx.Response, call: str) -> Failed:
        error = super().refusal(answer, call)
        error.wait = 0.01 if answer.status_code in {401, 403} else error.wait
        return error


@rogue("Says that there are no administrations when the token is wrong.", caught_by="connect/wrong-token-told")
class EmptyOnUnauthorized(CarefulClient):
    def get(self, path: str, key: str, query: str = "") -> list[Row]:
        try:
            return super().get(path, key, query)
        except Failed as error:
            if "401" not in str(error):
                raise
            known = {"getConnectors": "Zenvoices_AdministrationDetails", "fields": "AdminId"}
            return [{"id": known[key], "dataType": "int"}] if key in known else []


@rogue("Knows the first administration only.", caught_by="connect/administrations")
class FirstAdministration(CarefulClient):
    def connect(self) -> Row:
        return {"administrations": super().connect()["administrations"][:1]}


@rogue("Knows no more administrations than fit into a page.", caught_by="connect/many-administrations")
class FirstHundredAdministrations(CarefulClient):
    def connect(self) -> Row:
        return {"administrations": super().connect()["administrations"][: self.page_size]}


@rogue("Keeps the first token that it was given for an environment.", caught_by="connect/token-replaced")
class KeepsToken(CarefulClient):
    tokens: ClassVar[dict[str, str]] = {}

    def __init__(self, base_url: str, token: str, language: str, integration_id: str) -> None:
        super().__init__(base_url, self.tokens.setdefault(base_url, token), language, integration_id)


@rogue("Stays with the environment it was started with first.", caught_by="connect/environment-followed")
class FirstEnvironment(CarefulClient):
    first: tuple[str, str] | None = None

    def __init__(self, base_url: str, token: str, language: str, integration_id: str) -> None:
        FirstEnvironment.first = FirstEnvironment.first or (base_url, token)
        super().__init__(*FirstEnvironment.first, language, integration_id)


@rogue("Asks for Dutch messages, whatever language its user reads.", caught_by="connect/language")
class DutchOnly(CarefulClient):
    def headers(self) -> dict[str, str]:
        return super().headers() | {"Accept-Language": "nl-nl"}
