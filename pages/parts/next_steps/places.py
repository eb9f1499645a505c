"""The place where a next step is taken: a view of the Performance page, with what is open there."""

from __future__ import annotations

from cvcore.languages import marked
from cvcore.metrics.confusion import Cell, Swap
from cvcore.next_steps import Step
from cvcore.next_steps.steps import BetterThresholds, DifferentDuplicates, Merge, MoreImages, Shortcut, WrongTags
from cvcore.records import MULTILABEL, Iteration
from pages.parts.review import drawer, selections

PAGE = "performance.py"


def address(iteration: Iteration, step: Step) -> dict[str, str]:
    """The parameters of the page's address.

    >>> from cvcore.next_steps.steps import Gain
    >>> from types import SimpleNamespace as Some
    >>> merge = Merge(Gain(0.1, 0, 0.2), 2, 5, 40, 0.5, (3, 8))
    >>> address(Some(project_id="p", number=4, classification_type="Multiclass"), merge)
    {'project': 'p', 'iteration': '4', 'view': 'Mistakes', 'images': 'cell-5-2'}
    """
    place = {"project": iteration.project_id, "iteration": str(iteration.number)}
    match step:
        case MoreImages():
            return place | {"view": marked("More images?")}
        case BetterThresholds():
            return place | {"view": "Thresholds"}
        case Shortcut():
            return place | {"view": "Shortcuts"}
        case WrongTags():
            return place | {"view": "Mistakes", drawer.PARAMETER: "label_issues"}
        case DifferentDuplicates():
            return place | {"view": "Mistakes", drawer.PARAMETER: "duplicates"}
        case Merge(first=first, second=second, confused=(there, back)):
            pair = (first, second) if there >= back else (second, first)
            selection = Swap(*pair) if iteration.classification_type == MULTILABEL else Cell(*pair)
            return place | {"view": "Mistakes", drawer.PARAMETER: selections.address(selection)}
