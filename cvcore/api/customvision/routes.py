"""Every operation of the API, in the order of Custom Vision's reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cvcore.api.customvision.operations import (
    copies,
    exports,
    images,
    iterations,
    metadata,
    older,
    predictions,
    projects,
    suggestions,
    uploads,
)
from cvcore.api.customvision.protocol.request import Call

Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Operation:
    """One operation, with its name in the SDK; `path` is the part after `…/training` or `…/prediction`."""

    name: str
    method: str
    path: str
    handler: Handler
    note: str = ""

    @property
    def is_supported(self) -> bool:
        """Whether Tagwise supports the operation."""
        return self.handler is not copies.not_supported


_PROJECT = "/projects/{projectId}"
_IMAGES = f"{_PROJECT}/images"
_ITERATION = f"{_PROJECT}/iterations/{{iterationId}}"
_CLASSIFY = "/{projectId}/classify/iterations/{publishedName}"
_DETECT = "/{projectId}/detect/iterations/{publishedName}"
_NO_BOXES = "object detection"

TRAINING: tuple[Operation, ...] = (
    Operation("get_domains", "GET", "/domains", projects.get_domains, "with Built-in, which needs no download"),
    Operation("get_domain", "GET", "/domains/{domainId}", projects.get_domain),
    Operation("get_projects", "GET", "/projects", projects.get_projects),
    Operation("create_project", "POST", "/projects", projects.create_project, "Multilabel if no type is given"),
    Operation("get_project", "GET", _PROJECT, projects.get_project),
    Operation("delete_project", "DELETE", _PROJECT, projects.delete_project),
    Operation("update_project", "PATCH", _PROJECT, projects.update_project, "what is left out stays"),
    Operation("get_artifact", "GET", f"{_PROJECT}/artifacts", copies.get_artifact, "a plain GET does as well"),
    Operation("export_project", "GET", f"{_PROJECT}/export", copies.export_project, "tags, images, trained iterations"),
    Operation("get_images", "GET", _IMAGES, images.get_images),
    Operation("create_images_from_data", "POST", _IMAGES, uploads.create_images_from_data, "multipart or the body"),
    Operation("delete_images", "DELETE", _IMAGES, images.delete_images, "allIterations erases them there too"),
    Operation(
        "get_image_region_proposals", "POST", f"{_IMAGES}/{{imageId}}/regionproposals", copies.not_supported, _NO_BOXES
    ),
    Operation("get_image_count", "GET", f"{_IMAGES}/count", images.get_image_count),
    Operation("create_images_from_files", "POST", f"{_IMAGES}/files", uploads.create_images_from_files, "64 at a time"),
    Operation("get_images_by_ids", "GET", f"{_IMAGES}/id", images.get_images_by_ids, "256 at a time"),
    Operation(
        "update_image_metadata",
        "POST",
        f"{_IMAGES}/metadata",
        metadata.update_image_metadata,
        "50 pairs; 10 before v3.3",
    ),
    Operation(
        "create_images_from_predictions", "POST", f"{_IMAGES}/predictions", uploads.create_images_from_predictions
    ),
    Operation("create_image_regions", "POST", f"{_IMAGES}/regions", copies.not_supported, _NO_BOXES),
    Operation("delete_image_regions", "DELETE", f"{_IMAGES}/regions", copies.not_supported, _NO_BOXES),
    Operation("query_suggested_images", "POST", f"{_IMAGES}/suggested", suggestions.query_suggested_images),
    Operation(
        "query_suggested_image_count", "POST", f"{_IMAGES}/suggested/count", suggestions.query_suggested_image_count
    ),
    Operation("get_tagged_images", "GET", f"{_IMAGES}/tagged", images.get_tagged_images),
    Operation("get_tagged_image_count", "GET", f"{_IMAGES}/tagged/count", images.get_tagged_image_count),
    Operation("create_image_tags", "POST", f"{_IMAGES}/tags", images.create_image_tags),
    Operation("delete_image_tags", "DELETE", f"{_IMAGES}/tags", images.delete_image_tags),
    Operation("get_untagged_images", "GET", f"{_IMAGES}/untagged", images.get_untagged_images),
    Operation("get_untagged_image_count", "GET", f"{_IMAGES}/untagged/count", images.get_untagged_image_count),
    Operation(
        "create_images_from_urls", "POST", f"{_IMAGES}/urls", uploads.create_images_from_urls, "public addresses"
    ),
    Operation("get_iterations", "GET", f"{_PROJECT}/iterations", iterations.get_iterations, "the newest first"),
    Operation("get_iteration", "GET", _ITERATION, iterations.get_iteration),
    Operation("delete_iteration", "DELETE", _ITERATION, iterations.delete_iteration, "unpublish it first"),
    Operation("update_iteration", "PATCH", _ITERATION, iterations.update_iteration),
    Operation("get_exports", "GET", f"{_ITERATION}/export", exports.get_exports),
    Operation(
        "export_iteration",
        "POST",
        f"{_ITERATION}/export",
        exports.export_iteration,
        "TensorFlow, ONNX, CoreML, OpenVino, DockerFile, in their flavors",
    ),
    Operation(
        "get_iteration_performance",
        "GET",
        f"{_ITERATION}/performance",
        iterations.get_iteration_performance,
        "deviations over folds; undefined numbers are 0",
    ),
    Operation(
        "get_image_performances",
        "GET",
        f"{_ITERATION}/performance/images",
        iterations.get_image_performances,
        "out-of-fold probabilities",
    ),
    Operation(
        "get_image_performance_count",
        "GET",
        f"{_ITERATION}/performance/images/count",
        iterations.get_image_performance_count,
    ),
    Operation(
        "publish_iteration",
        "POST",
        f"{_ITERATION}/publish",
        iterations.publish_iteration,
        "several names, any resource",
    ),
    Operation("unpublish_iteration", "DELETE", f"{_ITERATION}/publish", iterations.unpublish_iteration),
    Operation("delete_prediction", "DELETE", f"{_PROJECT}/predictions", predictions.delete_prediction),
    Operation("query_predictions", "POST", f"{_PROJECT}/predictions/query", predictions.query_predictions, "30 days"),
    Operation("quick_test_image", "POST", f"{_PROJECT}/quicktest/image", predictions.quick_test_image),
    Operation("quick_test_image_url", "POST", f"{_PROJECT}/quicktest/url", predictions.quick_test_image_url),
    Operation("get_tags", "GET", f"{_PROJECT}/tags", projects.get_tags),
    Operation("create_tag", "POST", f"{_PROJECT}/tags", projects.create_tag),
    Operation("get_tag", "GET", f"{_PROJECT}/tags/{{tagId}}", projects.get_tag),
    Operation("delete_tag", "DELETE", f"{_PROJECT}/tags/{{tagId}}", projects.delete_tag),
    Operation("update_tag", "PATCH", f"{_PROJECT}/tags/{{tagId}}", projects.update_tag, "what is left out stays"),
    Operation(
        "suggest_tags_and_regions",
        "POST",
        f"{_PROJECT}/tagsandregions/suggestions",
        suggestions.suggest_tags_and_regions,
    ),
    Operation(
        "train_project",
        "POST",
        f"{_PROJECT}/train",
        iterations.train_project,
        "no e-mail; Advanced without a budget takes 10 minutes",
    ),
    Operation("import_project", "POST", "/projects/import", copies.import_project, "tokens of this server"),
)
PREDICTION: tuple[Operation, ...] = (
    Operation("classify_image", "POST", f"{_CLASSIFY}/image", predictions.classify_image, "kept for 30 days"),
    Operation(
        "classify_image_with_no_store",
        "POST",
        f"{_CLASSIFY}/image/nostore",
        predictions.classify_image_with_no_store,
    ),
    Operation("classify_image_url", "POST", f"{_CLASSIFY}/url", predictions.classify_image_url, "public addresses"),
    Operation(
        "classify_image_url_with_no_store",
        "POST",
        f"{_CLASSIFY}/url/nostore",
        predictions.classify_image_url_with_no_store,
    ),
    Operation("detect_image", "POST", f"{_DETECT}/image", copies.not_supported, _NO_BOXES),
    Operation("detect_image_with_no_store", "POST", f"{_DETECT}/image/nostore", copies.not_supported, _NO_BOXES),
    Operation("detect_image_url", "POST", f"{_DETECT}/url", copies.not_supported, _NO_BOXES),
    Operation("detect_image_url_with_no_store", "POST", f"{_DETECT}/url/nostore", copies.not_supported, _NO_BOXES),
)

# Before version 3.0 a prediction's path had no published name.
OLDER_PREDICTION: tuple[Operation, ...] = (
    Operation("predict_image", "POST", "/{projectId}/image", older.predict_image),
    Operation("predict_image_with_no_store", "POST", "/{projectId}/image/nostore", older.predict_image_with_no_store),
    Operation("predict_image_url", "POST", "/{projectId}/url", older.predict_image_url),
    Operation(
        "predict_image_url_with_no_store", "POST", "/{projectId}/url/nostore", older.predict_image_url_with_no_store
    ),
)


def find(operations: Sequence[Operation], path: str) -> list[tuple[Operation, dict[str, str]]]:
    """The operations at a path and the parameters in it; its fixed parts match in upper and lower case.

    >>> [(operation.name, found) for operation, found in find(TRAINING, "/Projects/12/Train")]
    [('train_project', {'projectId': '12'})]
    """
    found = ((operation, _pattern(operation.path).fullmatch(path)) for operation in operations)
    return [(operation, match.groupdict()) for operation, match in found if match]


def _pattern(path: str) -> re.Pattern[str]:
    # `re` caches several hundred compiled patterns.
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), re.IGNORECASE)
