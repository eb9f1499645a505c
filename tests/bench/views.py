"""Mistakes and speed of Quick by what the classifier gets of an image: the image, three views, two networks.

    KERAS_HOME=../shared/keras python tests/bench/views.py ../shared/datasets [--domain "General (compact) [S1]"]

Five folds and the standard head, as `backbones.py`. A cell is the share of images whose most probable tag is wrong; of
a Multilabel set (*), 1 - mean average precision.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from backbones import Contender, rates, read, score

from cvcore import domains
from cvcore.networks import backbones, feature_extraction, keras_backend, views
from cvcore.records import EMBEDDING_KINDS

# The views were chosen on the first five; the results on the others were seen before the centre's size was settled. So
# none of them proves the choice.
CHOSEN_ON = (
    *("flowers5", "trash6", "vehicle_damage3", "watson_dogs", "watson_insurance"),
    *("fruit_ml3", "grocery30", "voc_animals_ml12"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--domain", default="General (compact) [S1]")
    arguments = parser.parse_args()
    sets = [read(path) for path in sorted(arguments.folder.iterdir()) if path.is_dir()]
    keras_backend.prepare_backend()
    with tempfile.TemporaryDirectory() as temporary:
        compared = contenders(domains.find(arguments.domain), Path(temporary))
    print("| set | images | " + " | ".join(each.name for each in compared) + " |\n|---|---|" + "---|" * len(compared))
    wrong = np.array([[1 - score(each, one) for each in compared] for one in sets])
    for one, row in zip(sets, wrong, strict=True):
        name = f"{one.name}{' *' if one.multilabel else ''}{'' if one.name in CHOSEN_ON else ' (kept aside)'}"
        print(f"| {name} | {len(one.files)} | {' | '.join(f'{cell:.3f}' for cell in row)} |")
    for title, is_chosen in (("mean, sets of the choice", True), ("mean, sets kept aside", False)):
        rows = [(one.name in CHOSEN_ON) == is_chosen for one in sets]
        if any(rows):
            print(f"| **{title}** | | {' | '.join(f'**{cell:.3f}**' for cell in wrong[rows].mean(axis=0))} |")
    print(f"| images embedded a second | | {' | '.join(f'{rate:.0f}' for rate in rates(compared, sets))} |")


def contenders(domain: domains.Domain, folder: Path) -> list[Contender]:
    """The domain's network with each kind of embedding."""
    names = dict.fromkeys(views.name_for(domain.backbone, kind, has_mirror=True) for kind in EMBEDDING_KINDS)
    prepared = [backbones.prepare(name, domain.side, folder) for name in names]
    return [Contender(each.name, each.side, each.l2, feature_extraction.load(each, folder)) for each in prepared]


if __name__ == "__main__":
    main()
