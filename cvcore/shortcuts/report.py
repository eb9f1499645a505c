"""An iteration's shortcuts as JSON, as `tagwise shortcuts --json` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cvcore.shortcuts.findings import IMAGES_LEAST
from cvcore.shortcuts.iteration import Shortcuts
from cvcore.shortcuts.judgement import Judgement
from cvcore.shortcuts.sentences import sentence
from cvcore.wording import none_for_nan


def shortcuts_json(shortcuts: Shortcuts, names: Sequence[str]) -> dict[str, Any]:
    """Every finding with its counts and sentence, and how often each family tells tags apart on average."""
    found = [
        {
            "by": each.family,
            "tags": [names[each.tag], *([] if each.other is None else [names[each.other]])],
            "told_apart": each.share,
            "told_apart_interval": [each.low, each.high],
            "images": [each.images, each.others],
            "p_value": each.p_value,
            "sentence": sentence(each, names),
        }
        for each in shortcuts.findings
    ]
    looked_at = [
        {"by": family, "told_apart": none_for_nan(told_apart(judgement))}
        for family, judgement in shortcuts.judgements.items()
    ]
    return {
        "findings": found,
        "looked_at": looked_at,
        "images": shortcuts.images,
        "not_measured": shortcuts.unmeasured,
    }


def told_apart(judgement: Judgement) -> float:
    """How often a tag is told from images of other tags, the mean over the tags with enough images; nan without any."""
    enough = np.minimum(judgement.images, judgement.others)[:, -1] >= IMAGES_LEAST
    shares = judgement.share[enough, -1]
    return float(shares.mean()) if shares.size else float("nan")
