"""The documentation is complete, up to date and true: its examples run against a real server."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from mock_afas import fixtures
from mock_afas.cli import main
from mock_afas.connectors import FEATURES, get_connectors
from mock_afas.control.api import ControlApi
from mock_afas.control.ready import authorization
from mock_afas.faults.kinds import KINDS, Kind
from mock_afas.profiles import SETTINGS, Profile, Setting
from mock_afas.records import ENTITIES, Entity
from mock_afas.registry import Registry
from mock_afas.serving import Serving, bind
from tests.docs import examples
from tests.docs.examples import Example
from tests.docs.pages import DOCS, PAGES, ROOT, commands, options_of, path_of

#: The token of the examples; the pages show it whole where a reader may paste it.
TOKEN = "1234567890ABCDEF" * 4
_PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _reference(name: str) -> str:
    return path_of(name).read_text(encoding="utf-8")


def _section(page: str, heading: str) -> str:
    """What stands below ``heading``, up to the next one of the same or a higher level; fails when it is missing."""
    match = re.search(rf"^(#+) +{re.escape(heading)}$", page, re.MULTILINE)
    assert match, f"there is no heading '{heading}'"
    rest = page[match.end() :]
    following = re.search(rf"^#{{1,{len(match[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


# ---------------------------------------------------------------- complete


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_has_its_section_with_every_choice(setting: Setting) -> None:
    section = _section(_reference("dialect.md"), f"`{setting.name}`")
    assert not setting.number or setting.number in section
    assert f"| `{setting.choices[0]}` (default) |" in section
    for choice in setting.choices[1:]:
        assert f"| `{choice}` |" in section
    assert "**Evidence:**" in section


def test_the_page_of_the_dialect_has_no_setting_that_is_gone() -> None:
    named = re.findall(r"^## `(\w+)`$", _reference("dialect.md"), re.MULTILINE)
    assert named == [setting.name for setting in SETTINGS]


def test_every_option_is_described() -> None:
    page = _reference("command-line.md")
    for name, command in commands(main, "mock-afas"):
        section = _section(page, name)
        for option in options_of(command):
            assert option.help
            assert f"`{option.opts[0]}`" in section


def _routes() -> list[str]:
    routes = ControlApi(Registry(), None).routes()
    return [
        f"{method} {route.path}"
        for route in routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def test_every_route_of_the_control_api_is_described() -> None:
    described = re.findall(r"^### `(.+)`$", _reference("control-api.md"), re.MULTILINE)
    assert sorted(described) == sorted(_routes())


def test_every_key_of_the_configuration_is_described() -> None:
    section = _section(_reference("profiles.md"), "Keys")
    keys = set(Profile("12345").as_dict()) - {"environment"}
    assert {key for key in keys if f"| `{key}` |" not in section} == set()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_of_fault_has_its_section_with_every_option(kind: Kind) -> None:
    section = _section(_reference("faults.md"), f"`{kind.name}`")
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [option.name for option in kind.options]


def test_the_page_of_the_faults_has_no_kind_that_is_gone() -> None:
    assert re.findall(r"^### `(\w+)`$", _reference("faults.md"), re.MULTILINE) == list(KINDS)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_an_entity_has_its_table(entity: Entity) -> None:
    section = _section(_reference("entities.md"), entity.name)
    for column in entity.columns:
        assert f"`{column.name}`" in section


@pytest.mark.parametrize("profile", [path.stem for path in fixtures.files("profiles", "*.toml")])
def test_a_profile_is_described(profile: str) -> None:
    assert f"| `{profile}` |" in _reference("profiles.md")


def test_every_connector_is_listed() -> None:
    page = _reference("get-connectors.md")
    for connector in get_connectors().values():
        section = _section(page, connector.id)
        assert connector.modelled_on in section
        assert section.count("\n| `") == len(connector.fields)


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_described_with_its_connectors(feature: str) -> None:
    page = (DOCS / "howto" / "lack-a-feature.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{feature}` \| (.*?) \|", page, re.MULTILINE)
    assert row
    having = [connector.id for connector in get_connectors().values() if connector.feature == feature]
    assert sorted(row[1].split(", ")) == sorted(having)


# ---------------------------------------------------------------- up to date


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert _reference(name) == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("path", _PAGES, ids=_name)
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in _LINK.findall(_FENCED.sub("", path.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        other = (path.parent / target).resolve() if target else path
        assert other.exists(), f"{target} is not there"
        if anchor:
            assert anchor in _anchors(other), f"{target} has no #{anchor}"


def _anchors(path: Path) -> set[str]:
    headings = _HEADING.findall(_FENCED.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


#: What a reader elsewhere cannot use: paths of one machine, where packages come from, numbers of issues.
_FOREIGN = re.compile(
    r"/(?:work|root|home|opt|tmp|Users)/|pypi\.|pythonhosted|registry\.|npmjs|nuget|maven|(?<![\w(])#\d+\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", [*_PAGES, ROOT / "Dockerfile", ROOT / ".dockerignore"], ids=_name)
def test_a_page_speaks_of_the_project_alone(path: Path) -> None:
    assert _FOREIGN.findall(path.read_text(encoding="utf-8")) == []


# ---------------------------------------------------------------- true


@pytest.fixture
def origin() -> Iterator[str]:
    """The address of a server with an environment of its own, which ``TOKEN`` opens."""
    serving = Serving(Registry(), bind("127.0.0.1", 0), host="127.0.0.1", control_key=None)
    serving.registry.create({}, token_data=TOKEN)
    serving.run_in_thread()
    yield serving.origin
    serving.stop()


_WITH_EXAMPLES = [
    path
    for path in (ROOT / "README.md", *sorted(DOCS.glob("reference/*.md")), *sorted(DOCS.glob("howto/*.md")))
    if examples.examples(path.read_text(encoding="utf-8"))
]


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="the examples need bash and curl")
@pytest.mark.parametrize("path", _WITH_EXAMPLES, ids=_name)
def test_examples_run_and_print_what_is_shown(path: Path, origin: str, tmp_path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    variables = {"AUTHORIZATION": authorization(TOKEN), "MOCK_AFAS_CONTROL": f"{origin}/_mock"}
    assert examples.run(page, origin=origin, variables=variables, folder=tmp_path) == []


def test_the_pages_have_examples() -> None:
    named = {_name(path) for path in _WITH_EXAMPLES}
    assert {"README.md", "docs/reference/control-api.md", "docs/reference/reading.md"} <= named
    assert {_name(path) for path in DOCS.glob("howto/*.md")} <= named


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ('{"a":1}', '{"a": 1}', True),
        ('{"a":1}', '{"a": 1.0}', False),
        ('{"a":1}', '{"a": 1, "b": 2}', False),
        ('{"a":1, "b":2}', '{"b": 2, "a": 1}', False),
        ('{"a":1, "…":"…"}', '{"b": 2, "a": 1}', True),
        ('{"a":1, "…":"…"}', '{"b": 2}', False),
        ('{"a":"x…"}', '{"a": "xyz"}', True),
        ('{"a":"x…"}', '{"a": "yz"}', False),
        ('[1, "…"]', "[1, 2, 3]", True),
        ('[1, "…"]', "[2, 2, 3]", False),
        ("[1]", "[1, 2]", False),
        ("[1]", "nothing", False),
    ],
)
def test_shown_json_is_compared(shown: str, printed: str, fits: bool) -> None:
    example = Example(1, "sh", "", shown, "json")
    assert (examples.compared(example, printed, "http://127.0.0.1:1") == "") is fits


def test_shown_text_is_compared_with_the_address_of_the_page() -> None:
    example = Example(1, "sh", "", "at http://127.0.0.1:8080/x in … ms\n", "text")
    assert examples.compared(example, "at http://127.0.0.1:1/x in 7 ms\n", "http://127.0.0.1:1") == ""
    assert examples.compared(example, "at http://127.0.0.1:1/y in 7 ms\n", "http://127.0.0.1:1")


def test_an_example_that_fails_is_told_with_its_line(tmp_path: Path) -> None:
    page = "text\n\n```sh\ntrue\n```\n\n```sh\necho said; echo why >&2; false\n```\n"
    problems = examples.run(page, origin="http://127.0.0.1:1", variables={}, folder=tmp_path)
    assert len(problems) == 1
    assert "line 7 failed (1): why\n\nsaid" in problems[0]
