"""A million images on one machine.

    python tests/bench/million.py HOME --make [--images 1000000 --tags 100 --type Multiclass]
    python tests/bench/million.py HOME --measure

`--make` makes a home folder with that many drawn images, once and resumably: see `million_home`. `--measure` opens the
Images page of it: see `million_pages`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import million_home
import million_pages

from cvcore.records import MULTICLASS


def main() -> None:
    """Make the home folder, or measure its Images page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--type", default=MULTICLASS)
    options = parser.parse_args()
    if options.make:
        project = million_home.make(options.home, options.images, options.tags, options.type)
        print(f"project {project.id}")
    if options.measure:
        million_pages.measure(options.home, million_home.NAME)


if __name__ == "__main__":
    main()
