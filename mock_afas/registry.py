"""All environments of a server: which token opens which, and how they are made, forked and deleted."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mock_afas
from mock_afas import connectors, demo, fixtures, records
from mock_afas.access import Access, AppConnector, OAuthClient, SystemUser, Token, digest
from mock_afas.clock import Clock
from mock_afas.connectors import Definitions, GetConnector
from mock_afas.environment import Environment, check_get_connectors
from mock_afas.errors import ControlError
from mock_afas.profiles import Profile, configured
from mock_afas.store import images
from mock_afas.store.books import Books, LoadBatch
from mock_afas.store.catalog import Catalog, Kept, KeptSnapshot
from mock_afas.store.snapshots import Snapshot

FIRST_PARTICIPANT = 12345
#: Stands for a participant number that is still to be chosen.
_NONE_YET = ""

#: Hears of rows as they are made: how many so far were added, of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """A new environment and the data of its token, which is not kept. ``token_data`` is empty for a bare one."""

    environment: Environment
    token_data: str = ""


class Registry:
    """The environments of one server, in memory or in the directory of a catalog."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        self.environments: dict[str, Environment] = {}
        self._catalog = catalog
        self._tokens: dict[str, tuple[Environment, str]] = {}
        self._clients: dict[str, Environment] = {}
        #: The participants of environments that are there or being made; every number below ``_lowest`` is among them.
        self._participants: set[str] = set()
        self._lowest = FIRST_PARTICIPANT
        self._claiming = threading.Lock()
        self._bases: dict[tuple[bool, dt.date], Books] = {}
        #: Under which digest the catalog keeps a definition that was imported.
        self._digests: dict[GetConnector, str] = {}
        if catalog is not None:
            self._restore(catalog)

    # ------------------------------------------------------------ finding

    @property
    def default(self) -> Environment | None:
        """The first environment; calls that no token assigns to an environment are noted there."""
        return next(iter(self.environments.values()), None)

    def find(self, name: str) -> Environment:
        """The environment called ``name``, such as ``O12345AA``, or with that participant. Raises ControlError 404."""
        for environment in self.environments.values():
            if name.upper() == environment.id or name == environment.profile.participant:
                return environment
        known = ", ".join(self.environments) or "none yet"
        raise ControlError(f"there is no environment '{name}'", hint=f"there are: {known}", status=404)

    def by_token(self, token_digest: str) -> tuple[Environment, str] | None:
        """The environment and the id of the token with this digest. Digests say nothing about near misses."""
        return self._tokens.get(token_digest)

    def by_client(self, client_id: str) -> tuple[Environment, OAuthClient] | None:
        """The environment and the client of OAuth with this id."""
        environment = self._clients.get(client_id)
        return None if environment is None else (environment, environment.access.clients[client_id])

    # ------------------------------------------------------------ making

    def create(self, settings: Mapping[str, Any], *, token_data: str = "", progress: Progress | None = None) -> Opened:
        """A new environment with demo data; ``settings`` in the form of the control API. Raises ControlError."""
        profile = configured(Profile(participant=_NONE_YET), settings)
        check_get_connectors("blocked_connectors", profile.blocked_connectors, Definitions())
        if profile.bare:
            profile = replace(profile, autonumber=False)
        with self._claimed(profile.participant) as participant:
            profile = replace(profile, participant=participant)
            base = self._base(profile, progress)
            return self._open(Environment(profile, base, base.share(), Access(), self), token_data)

    async def fork(self, parent: Environment) -> Opened:
        """A private copy of ``parent`` with a participant number and a token of its own."""
        with self._claimed(_NONE_YET) as participant:
            return self._open(await parent.fork(replace(parent.profile, participant=participant)), "")

    def _open(self, environment: Environment, token_data: str) -> Opened:
        self.environments[environment.id] = environment
        if environment.profile.bare and not environment.access.app_connectors:
            self.keep(environment)
            return Opened(environment)
        _set_up(environment)
        return self.first_token(environment, token_data)

    def first_token(self, environment: Environment, token_data: str = "") -> Opened:
        """``environment`` with a new token of the first app connector and user that go together, if there are any."""
        pair = environment.access.first_pair()
        if pair is None:
            return Opened(environment)
        app, user = pair
        _, data = self.issue_token(environment, app_connector=app.id, user=user.id, data=token_data)
        return Opened(environment, data)

    def issue_token(
        self,
        environment: Environment,
        *,
        app_connector: str,
        user: str,
        expires: dt.datetime | None = None,
        data: str = "",
    ) -> tuple[Token, str]:
        """A new token of ``environment`` and its data. Raises ControlError."""
        if data and digest(data) in self._tokens:
            raise ControlError("the token is in use already", hint="a token belongs to one environment", status=409)
        token, data = environment.access.issue(
            app_connector=app_connector, user=user, now=environment.now(), expires=expires, data=data
        )
        self._tokens[token.digest] = (environment, token.id)
        self.changed(environment)
        return token, data

    def add_client(self, environment: Environment, *, app_connector: str, user: str) -> tuple[OAuthClient, str]:
        """A new client of OAuth and its secret. Raises ControlError."""
        client, secret = environment.access.add_client(app_connector=app_connector, user=user)
        self._clients[client.id] = environment
        self.keep(environment)
        return client, secret

    def remove_client(self, environment: Environment, client_id: str) -> OAuthClient:
        """Removes a client of OAuth. Raises ControlError 404."""
        client = environment.access.remove_client(client_id)
        del self._clients[client_id]
        self.keep(environment)
        return client

    def grant(self, environment: Environment, client: OAuthClient) -> str:
        """The data of a new access token for ``client``; those that expired long ago are forgotten."""
        now = environment.now()
        for token in environment.access.forget_expired(now=now):
            del self._tokens[token.digest]
        token, data = environment.access.grant(client, now=now)
        self._tokens[token.digest] = (environment, token.id)
        self.keep(environment)
        return data

    def delete(self, environment: Environment) -> None:
        """Removes an environment with its books, access and traffic."""
        del self.environments[environment.id]
        self._give_back(environment.profile.participant)
        for token in environment.access.tokens.values():
            del self._tokens[token.digest]
        for client_id in environment.access.clients:
            del self._clients[client_id]
        if self._catalog is not None:
            self._catalog.forget(environment.id)
        environment.release()

    async def configure(self, environment: Environment, changes: Mapping[str, Any]) -> None:
        """Changes the configuration of ``environment``. Raises ControlError; then nothing has changed."""
        profile = self.checked(environment, changes)
        if profile.autonumber != environment.profile.autonumber:
            await environment.switch_autonumbering(on=profile.autonumber)
        environment.configure(profile)

    def checked(self, environment: Environment, changes: Mapping[str, Any]) -> Profile:
        """The configuration that ``environment`` would have after ``changes``. Raises ControlError."""
        for fixed in ("participant", "rows", "seed", "bare", "type"):
            if fixed in changes and changes[fixed] != environment.profile.as_dict()[fixed]:
                raise ControlError(f"'{fixed}' cannot be changed", hint="create another environment", status=409)
        profile = configured(environment.profile, changes)
        shipped_too = Definitions().having(environment.definitions.imported.values())
        check_get_connectors("blocked_connectors", profile.blocked_connectors, shipped_too)
        return profile

    @contextmanager
    def _claimed(self, wanted: str) -> Iterator[str]:
        """Takes the number ``wanted``, or the lowest that is free, for the environment that is made inside.

        Environments are made in threads and on the event loop. Raises ControlError.
        """
        with self._claiming:
            participant = self._free_participant() if wanted == _NONE_YET else wanted
            if participant in self._participants:
                hint = "leave it out for the next free one"
                raise ControlError(f"participant {participant} is taken", hint=hint, status=409)
            self._participants.add(participant)
        try:
            yield participant
        except BaseException:
            if all(environment.profile.participant != participant for environment in self.environments.values()):
                self._give_back(participant)
            raise

    def _free_participant(self) -> str:
        for number in range(self._lowest, 100_000):
            if f"{number:05d}" not in self._participants:
                self._lowest = number
                return f"{number:05d}"
        raise ControlError("no participant number is free", hint="delete environments", status=409)

    def _give_back(self, participant: str) -> None:
        """Makes the number of an environment that is gone, or did not come about, free again."""
        with self._claiming:
            self._participants.discard(participant)
            if FIRST_PARTICIPANT <= int(participant) < self._lowest:
                self._lowest = int(participant)

    def _base(self, profile: Profile, progress: Progress | None) -> Books:
        """The books an environment starts with; those without extra rows are made once and shared."""
        today = profile.clock.now().date()
        if today < demo.EARLIEST_TODAY:
            hint = f"the demo data begins in 2012: give a clock from {demo.EARLIEST_TODAY} on"
            raise ControlError(f"'clock' is {today}", hint=hint)
        known = None if profile.rows else self._bases.get((profile.autonumber, today))
        if known is not None and known.holders:
            return known.share()
        books = self._fresh(profile.autonumber, today)
        if profile.rows:
            _add_rows(books, profile, today, progress)
        else:
            self._bases[profile.autonumber, today] = books
        return books

    def _fresh(self, autonumber: bool, today: dt.date) -> Books:
        """Books with the demo data as of ``today``, from an image where there is one."""
        name = images.name_of(_made_from(), mock_afas.__version__, today.isoformat(), f"autonumber={autonumber}")
        image = images.read(name)
        if image is not None:
            return Books.from_image(image, self.new_path())
        books = Books.create()
        books.load(LoadBatch(*batch) for batch in (demo.base(today=today) if autonumber else demo.bare(today=today)))
        image = books.image()
        images.write(name, image)
        return books if self._catalog is None else Books.from_image(image, self.new_path())

    # ------------------------------------------------------------ keeping

    def new_path(self) -> Path | None:
        """A path for a new set of books, or None when environments live in memory."""
        return self._catalog.new_path() if self._catalog else None

    def changed(self, environment: Environment) -> None:
        """Makes a change of ``environment``'s access durable, and notes it beside the traffic."""
        environment.traffic.changed()
        self.keep(environment)

    def keep(self, environment: Environment) -> None:
        """Makes what changed in ``environment``'s configuration, access or choice of books durable."""
        if self._catalog is None or environment.books.path is None or environment.base.path is None:
            return
        settings = {
            "profile": {key: value for key, value in environment.profile.as_dict().items() if key != "environment"},
            "access": environment.access.as_dict(),
            "clock": environment.profile.clock.as_dict(),
            "definitions": self._kept_definitions(environment.definitions, self._catalog),
        }
        snapshots = [
            KeptSnapshot(snapshot.name, snapshot.created, snapshot.books.path.name)
            for snapshot in environment.snapshots.all()
            if snapshot.books.path is not None
        ]
        kept = Kept(environment.id, settings, environment.books.path.name, environment.base.path.name, snapshots)
        self._catalog.keep(kept)

    def _kept_definitions(self, definitions: Definitions, catalog: Catalog) -> dict[str, Any]:
        """How ``definitions`` are kept: those of our own by id, those imported from elsewhere by their digest."""
        ours = connectors.get_connectors()
        kept = [
            {"id": connector.id} if ours.get(name) is connector else {"digest": self._kept(connector, catalog)}
            for name, connector in definitions.imported.items()
        ]
        return {"shipped": definitions.shipped, "imported": kept}

    def _kept(self, connector: GetConnector, catalog: Catalog) -> str:
        if connector not in self._digests:
            self._digests[connector] = catalog.keep_definition(connectors.get_as_json(connector))
        return self._digests[connector]

    def _restored_definitions(self, kept: Mapping[str, Any] | None, catalog: Catalog) -> Definitions | None:
        if kept is None:  # kept before definitions could be imported
            return None
        by_digest = {digest: connector for connector, digest in self._digests.items()}
        imported = []
        for one in kept["imported"]:
            connector = connectors.get_connectors().get(one.get("id", "").lower()) or by_digest.get(one.get("digest"))
            if connector is None and "digest" in one:
                connector = connectors.parse_get(catalog.definition(one["digest"]), one["digest"])
                self._digests[connector] = one["digest"]
            if connector is not None:
                imported.append(connector)
        return Definitions(kept["shipped"]).having(imported)

    def _restore(self, catalog: Catalog) -> None:
        opened: dict[str, Books] = {}

        def books(name: str) -> Books:
            if name in opened:
                return opened[name].share()
            opened[name] = Books.open(catalog.directory / name)
            return opened[name]

        for kept in catalog.all():
            settings = kept.settings
            profile = configured(Profile(participant=settings["profile"]["participant"]), settings["profile"])
            if "clock" in settings:
                profile = replace(profile, clock=Clock.from_dict(settings["clock"]))
            access = Access.from_dict(settings["access"])
            snapshots = [Snapshot(one.name, one.created, books(one.books)) for one in kept.snapshots]
            definitions = self._restored_definitions(settings.get("definitions"), catalog)
            environment = Environment(
                profile,
                books(kept.books),
                books(kept.base),
                access,
                self,
                snapshots=snapshots,
                definitions=definitions,
            )
            self.environments[environment.id] = environment
            self._participants.add(environment.profile.participant)
            for token in access.tokens.values():
                self._tokens[token.digest] = (environment, token.id)
            self._clients |= dict.fromkeys(access.clients, environment)

    def stop_waiting(self) -> None:
        """Ends the calls that faults hold up, when the server is to stop."""
        for environment in self.environments.values():
            environment.faults.ended.set()

    def close(self) -> None:
        """Closes all books and the catalog."""
        for environment in self.environments.values():
            environment.books.close()
            environment.base.close()
            for snapshot in environment.snapshots.all():
                snapshot.books.close()
        if self._catalog is not None:
            self._catalog.close()


def _made_from() -> list[Path]:
    """The files that the demo data depends on."""
    code = Path(demo.__file__).parent
    schema = Path(images.__file__).with_name("schema.py")
    return [Path(records.__file__), schema, *sorted(code.glob("*.py")), *fixtures.files("demo", "*.json")]


def _add_rows(books: Books, profile: Profile, today: dt.date, progress: Progress | None) -> None:
    total, done = demo.total_rows(profile.rows), 0

    def hear(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    batches = demo.generated(rows=profile.rows, seed=profile.seed, today=today)
    books.load((LoadBatch(*batch) for batch in batches), hear)


def _set_up(environment: Environment) -> None:
    """Steps of the set-up guide for the demo data: a system user, an app connector with every connector in it."""
    if environment.access.app_connectors:
        return
    participant = environment.profile.participant
    environment.access.put_user(SystemUser(f"{participant}.zenvoices", "Zenvoices"))
    environment.access.put_app_connector(
        AppConnector(
            id="1",
            description="Zenvoices",
            group="Zenvoices",
            get_connectors=tuple(connector.id for connector in connectors.get_connectors().values()),
            update_connectors=tuple(connectors.update_connector_ids().values()),
        )
    )
