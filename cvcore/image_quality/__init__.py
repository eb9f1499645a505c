"""Images that are hard to learn from: dark, pale, empty, blurred, tiny or long ones, and one image under two tags.

Imports `store`, `imaging`, `validation` and the modules beside the packages.
"""

from cvcore.image_quality.project import TWO_TAGS, Group, Quality, quality
from cvcore.image_quality.sentences import TITLES, quality_json, scope, sentence

__all__ = ["TITLES", "TWO_TAGS", "Group", "Quality", "quality", "quality_json", "scope", "sentence"]
