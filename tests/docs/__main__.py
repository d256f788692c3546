"""``python -m tests.docs``: writes the generated pages of the documentation anew."""

from __future__ import annotations

from tests.docs.pages import PAGES, path_of


def main() -> None:
    for name, make in PAGES.items():
        path_of(name).write_text(make(), encoding="utf-8")
        print(f"wrote docs/reference/{name}")


if __name__ == "__main__":
    main()
