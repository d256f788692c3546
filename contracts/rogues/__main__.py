"""Runs one rogue as a driver, or lists them all."""

from __future__ import annotations

import sys

from driver import serve

from contracts.rogues.families import ROGUES


def main(names: list[str]) -> None:
    """One name runs that rogue; without one all are listed: name, contract, sentence, separated by tabs."""
    if not names:
        for each in ROGUES.values():
            print("\t".join((each.name, each.caught_by, each.sentence)))
    elif len(names) == 1 and names[0] in ROGUES:
        serve(ROGUES[names[0]].client, name=names[0])
    else:
        sys.exit(f"there is no rogue '{' '.join(names)}'; `python -m contracts.rogues` lists them")


if __name__ == "__main__":
    main(sys.argv[1:])
