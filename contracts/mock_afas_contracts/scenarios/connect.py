"""Finding AFAS: tokens, environments, languages, administrations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed
from mock_afas_contracts.story import Story


def _administrations_are_right(story: Story) -> None:
    """Connecting gives the administrations of the environment at hand, each once, with its name."""
    wanted = {str(row["administration"]): row["name"] for row in story.data("administrations")}
    told = story.succeed("connect")["administrations"]
    given = {str(one["id"]): one["name"] for one in told}
    story.check(len(told) == len(given), "each administration is given once", told=told)
    story.check(given == wanted, "every administration is given with its name", wanted=wanted, told=given)


def _add_administrations(story: Story, names: list[str]) -> None:
    rows = [{"administration": 11 + at, "name": name, "currency": "EUR"} for at, name in enumerate(names)]
    story.put_data("administrations", rows)


@contract(
    id="connect/administrations",
    sentence="Connecting gives every administration with its name, whatever kind of environment it is.",
    severity="must",
    evidence="documented: an environment holds several administrations; each kind has its own hosts",
    operations=("connect",),
    examples=0.4,
)
def administrations(story: Story) -> None:
    kind = story.draw(st.sampled_from(["O", "T", "A"]))
    if kind != "O":
        story.environment(type=kind)
    names = story.draw(st.lists(strategies.descriptions, max_size=3))
    if names:
        _add_administrations(story, names)
    _administrations_are_right(story)


@contract(
    id="connect/environment-followed",
    sentence="A client that is pointed at another environment works there, and no longer where it was before.",
    severity="must",
    evidence="documented: production, test and accept are environments of their own, each with its tokens",
    operations=("connect",),
    examples=0.1,
)
def environment_followed(story: Story) -> None:
    story.run("connect")
    story.environment(type=story.draw(st.sampled_from(["T", "A"])))
    _add_administrations(story, ["Alleen hier"])
    _administrations_are_right(story)


@contract(
    id="connect/many-administrations",
    sentence="An environment may hold more administrations than fit into one page.",
    severity="must",
    evidence="documented: 100 rows unless asked otherwise, and no count of all rows",
    operations=("connect",),
    examples=0.1,
)
def many_administrations(story: Story) -> None:
    count = story.draw(st.sampled_from([101, 130]))
    _add_administrations(story, [f"Administratie {at}" for at in range(count)])
    _administrations_are_right(story)


# ---------------------------------------------------------------- tokens


@contract(
    id="connect/token-form",
    sentence="The token goes as AfasToken with its XML in base64, whatever version of Profit it is.",
    severity="must",
    evidence="documented: the header Authorization holds AfasToken and the token in base64",
    operations=("connect",),
    examples=0.17,
)
def token_form(story: Story) -> None:
    version = story.draw(st.sampled_from([8, 6]))
    if version != 8:
        story.environment(profit_version=version)
    _administrations_are_right(story)
    bad = [f"{one.method} {one.path}" for one in story.traffic() if one.status >= 400]
    story.check(not bad, "no call is refused for its token", refused=bad)


def _another_token(story: Story, **how: Any) -> dict[str, Any]:
    """Issues one more token, and tells it to the client."""
    (app,) = story.afas.control("GET", "/app-connectors")["app_connectors"]
    user = app["tokens"][0]["user"]
    issued: dict[str, Any] = story.afas.control("POST", f"/app-connectors/{app['id']}/tokens", {"user": user, **how})
    story.tell_client(token=issued["token"])
    return issued


def _revoked(story: Story) -> None:
    issued = _another_token(story)
    story.note("an administrator revokes that token")
    story.afas.control("DELETE", f"/tokens/{issued['id']}")


def _expired(story: Story) -> None:
    _another_token(story, expires="2026-11-23T09:00:00")
    story.note("that token expired yesterday")


def _blocked_user(story: Story) -> None:
    (user,) = story.afas.control("GET", "/users")["users"]
    story.note("an administrator blocks the user of the token")
    story.afas.control("POST", "/users", {"id": user["id"], "description": user["description"], "blocked": True})


def _other_addresses_only(story: Story) -> None:
    story.note("an administrator lets one other address in alone")
    story.afas.control("PATCH", "/app-connectors/1", {"ip_addresses": ["192.0.2.1"]})


#: Ways in which a token comes to be refused, by what is told of it.
_REFUSALS: dict[str, Callable[[Story], None]] = {
    "revoked": _revoked,
    "expired": _expired,
    "user blocked": _blocked_user,
    "address not allowed": _other_addresses_only,
}


def _refuse_token(story: Story) -> None:
    _REFUSALS[story.draw(st.sampled_from(list(_REFUSALS)))](story)


@contract(
    id="connect/wrong-token-not-retried",
    sentence="A call that is refused for its token is made once, and not again in case it works then.",
    severity="must",
    evidence="documented: 401 is a missing, wrong or expired token, 403 an address that is not allowed: both stay",
    operations=("connect",),
    examples=0.34,
)
def wrong_token_not_retried(story: Story) -> None:
    _refuse_token(story)
    story.run("connect")
    refused = Counter(f"{one.method} {one.path}" for one in story.traffic() if one.status in (401, 403))
    again = {call: times for call, times in refused.items() if times > 1}
    story.check(not again, "a call with a refused token is not made again", calls=again)


#: Words that say what is the matter with a token, in the languages that a client may speak.
_ABOUT_ACCESS = re.compile(
    r"(?i)40[13]|token|access|toegang|autoris|author|auth|aanmeld|login|log in|inlog|sleutel|\bip\b"
)


@contract(
    id="connect/wrong-token-told",
    sentence="A token that is not accepted is said to be so: connecting fails, reading gives no empty tables.",
    severity="must",
    evidence="documented: 401 is a missing, wrong or expired token, 403 an address that is not allowed",
    operations=("connect",),
    examples=0.34,
)
def wrong_token_told(story: Story) -> None:
    _refuse_token(story)
    attempts: list[tuple[str, dict[str, Any]]] = [("connect", {}), ("features", {})]
    attempts += [("read", {"connector": "Zenvoices_Suppliers"}), ("book_purchase_invoice", strategies.small_purchase())]
    for operation, arguments in attempts:
        if not story.can(operation):
            continue
        outcome = story.run(operation, **arguments)
        if not isinstance(outcome, Failed):
            story.fail("the client says that its token is not accepted", operation=operation, told=str(outcome.result))
        said = _ABOUT_ACCESS.search(outcome.message)
        story.check(said, "the client says that it is the token, or access", told=outcome.message)
        story.check(outcome.outcome == "rejected", "nothing was changed, and the client knows it", operation=operation)


@contract(
    id="connect/token-replaced",
    sentence="A new token is taken from the next start on, after the old one was withdrawn.",
    severity="must",
    evidence="documented: tokens are issued and withdrawn by an administrator, and can expire",
    operations=("connect",),
    examples=0.1,
)
def token_replaced(story: Story) -> None:
    _revoked(story)
    story.run("connect")
    _another_token(story, expires=story.draw(st.sampled_from(["2099-12-31T12:00:00", "2026-11-25T00:00:00"])))
    _administrations_are_right(story)


# ---------------------------------------------------------------- languages


@contract(
    id="connect/language",
    sentence="AFAS is asked for messages in the language of the user, and they are passed on in it.",
    severity="must",
    evidence="documented: messages come in the language of the header Accept-Language",
    operations=("book_purchase_invoice",),
    examples=0.17,
)
def language(story: Story) -> None:
    wanted = story.draw(st.sampled_from(["en", "nl"]))
    story.tell_client(language=wanted)
    invoice = strategies.small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    failed = story.run("book_purchase_invoice", **invoice)  # AFAS refuses it, or the client knows that it is there
    asked = Counter((one.header("accept-language") or "").lower()[:2] for one in story.traffic())
    story.check(set(asked) == {wanted}, "every call asks for the language of the user", asked=dict(asked))
    if isinstance(failed, Failed) and any(one.status == 500 for one in story.traffic()):
        checks.refusal_passed_on(story, failed)
