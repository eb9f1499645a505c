"""Every operation through Microsoft's own client, in the order of its reference."""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training import models as m

from cvcore import domains
from tests.conftest import DrawImage

Trainer = CustomVisionTrainingClient
Predictor = CustomVisionPredictionClient

ABSENT = str(uuid.uuid4())

pytestmark = pytest.mark.network


def upload(trainer: Trainer, project: m.Project, images: list[bytes], *tag_ids: str) -> list[str]:
    """Store images with these tags; their ids."""
    entries = [m.ImageFileCreateEntry(name=f"{at}.png", contents=each) for at, each in enumerate(images)]
    summary = trainer.create_images_from_files(project.id, m.ImageFileCreateBatch(images=entries, tag_ids=[*tag_ids]))
    return [each.image.id for each in summary.images]


def refusal(call: Callable[..., object], *given: object, **named: object) -> tuple[int, str]:
    """The status and code with which an operation refuses."""
    with pytest.raises(m.CustomVisionErrorException) as refused:
        call(*given, **named)
    assert str(refused.value) == refused.value.error.message
    return refused.value.response.status_code, refused.value.error.code


def test_get_domains_and_get_domain(trainer: Trainer) -> None:
    """Custom Vision's own domains are there by their ids."""
    found = {each.id: each.name for each in trainer.get_domains()}
    assert "General" == found["ee85a74c-405e-4adc-bb47-ffa8ca0c9f31"]
    general = trainer.get_domain(domains.DEFAULT.id)
    assert ("General", "Classification", True) == (general.name, general.type, general.enabled)
    assert (404, "NotFoundDomain") == refusal(trainer.get_domain, ABSENT)


def test_create_project(trainer: Trainer, project: m.Project) -> None:
    """Without a type a project is Multilabel; a name is given once; what is not known is refused by its code."""
    assert ("Multilabel", "Succeeded") == (project.settings.classification_type, project.status)
    assert domains.BUILT_IN.id == project.settings.domain_id
    assert (400, "BadRequestProjectNameNotUnique") == refusal(trainer.create_project, project.name)
    assert (400, "BadRequestProjectName") == refusal(trainer.create_project, " ")
    assert (400, "BadRequestProjectUnknownDomain") == refusal(trainer.create_project, "x", domain_id=ABSENT)
    unknown = refusal(trainer.create_project, "x", classification_type="Ternary")
    assert (400, "BadRequestProjectUnknownClassification") == unknown
    boxes = "da2e3a8a-40a5-4171-82f4-58522f70fbc1"
    assert (400, "BadRequestNotSupported") == refusal(trainer.create_project, "x", domain_id=boxes)


def test_get_projects_and_get_project(trainer: Trainer, project: m.Project) -> None:
    """A project is found by its id and in the list."""
    assert project.name == trainer.get_project(project.id).name
    assert project.id in {each.id for each in trainer.get_projects()}
    assert (404, "NotFoundProject") == refusal(trainer.get_project, ABSENT)


def test_update_project(trainer: Trainer, project: m.Project) -> None:
    """A project sent back changed is changed."""
    project.description, project.settings.classification_type = "in bloom", "Multiclass"
    changed = trainer.update_project(project.id, project)
    assert ("in bloom", "Multiclass") == (changed.description, changed.settings.classification_type)
    settings = m.ProjectSettings(
        target_export_platforms=["ONNX"],
        image_processing_settings=m.ImageProcessingSettings(augmentation_methods={"flip": False}),
    )
    trainer.update_project(project.id, m.Project(name=project.name, description="", settings=settings))
    kept = trainer.get_project(project.id).settings
    assert (["ONNX"], {"flip": False}, "Multiclass") == (
        kept.target_export_platforms,
        kept.image_processing_settings.augmentation_methods,
        kept.classification_type,
    )
    settings.target_export_platforms = ["Abacus"]
    refused = refusal(
        trainer.update_project, project.id, m.Project(name=project.name, description="", settings=settings)
    )
    assert (400, "BadRequestProjectUnsupportedExportPlatform") == refused
    project.settings.domain_id = "da2e3a8a-40a5-4171-82f4-58522f70fbc1"
    refused = refusal(trainer.update_project, project.id, project)
    assert (400, "BadRequestProjectUnsupportedDomainTypeChange") == refused


def test_delete_project(trainer: Trainer) -> None:
    """A deleted project is gone."""
    project = trainer.create_project("soon gone")
    trainer.delete_project(project.id)
    assert (404, "NotFoundProject") == refusal(trainer.delete_project, project.id)


def test_create_project_with_targets(trainer: Trainer) -> None:
    """The platforms that a project is to be exported to are kept, unless there is no such platform."""
    project = trainer.create_project("for phones", target_export_platforms=["CoreML", "tensorflow"])
    assert ["CoreML", "TensorFlow"] == project.settings.target_export_platforms
    trainer.delete_project(project.id)
    unknown = refusal(trainer.create_project, "x", target_export_platforms=["Abacus"])
    assert (400, "BadRequestProjectUnsupportedExportPlatform") == unknown


def test_tags(trainer: Trainer, project: m.Project) -> None:
    """Tags are made, listed by name, changed and deleted."""
    rose = trainer.create_tag(project.id, "rose", description="with thorns")
    trainer.create_tag(project.id, "aster")
    assert [("aster", 0), ("rose", 0)] == [(each.name, each.image_count) for each in trainer.get_tags(project.id)]
    assert "Regular" == trainer.get_tag(project.id, rose.id).type
    rose.name = "wild rose"
    changed = trainer.update_tag(project.id, rose.id, rose)
    assert ("wild rose", "with thorns") == (changed.name, changed.description)
    changed.description = "with hips"
    trainer.update_tag(project.id, rose.id, changed)
    assert "with hips" == trainer.get_tag(project.id, rose.id).description
    assert (400, "BadRequestTagNameNotUnique") == refusal(trainer.create_tag, project.id, "aster")
    trainer.delete_tag(project.id, rose.id)
    assert (404, "NotFoundTag") == refusal(trainer.get_tag, project.id, rose.id)
    assert (404, "NotFoundTag") == refusal(trainer.delete_tag, project.id, rose.id)


def test_negative_tags(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """A project has one negative tag, which no image carries beside another."""
    nothing = trainer.create_tag(project.id, "nothing", type="Negative")
    rose = trainer.create_tag(project.id, "rose")
    assert trainer.get_project(project.id).settings.use_negative_set
    assert (400, "BadRequestMultipleNegativeTag") == refusal(trainer.create_tag, project.id, "void", type="Negative")
    assert (400, "BadRequestTagType") == refusal(trainer.create_tag, project.id, "odd", type="Odd")
    (image_id,) = upload(trainer, project, [drawn_image(1)], rose.id)
    both = [m.ImageTagCreateEntry(image_id=image_id, tag_id=nothing.id)]
    expected = (400, "BadRequestNegativeAndRegularTagOnSameImage")
    assert expected == refusal(trainer.create_image_tags, project.id, both)
    entry = m.ImageFileCreateEntry(name="2.png", contents=drawn_image(2), tag_ids=[nothing.id, rose.id])
    summary = trainer.create_images_from_files(project.id, m.ImageFileCreateBatch(images=[entry]))
    assert ["ErrorNegativeAndRegularTagOnSameImage"] == [each.status for each in summary.images]


def test_create_images_from_data(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """An image sent as it is arrives byte for byte, though its part has no file name, and carries its tags."""
    tag = trainer.create_tag(project.id, "rose")
    summary = trainer.create_images_from_data(project.id, drawn_image(1), tag_ids=[tag.id])
    (made,) = summary.images
    assert (True, "OK") == (summary.is_batch_successful, made.status)
    assert (48, 48, ["rose"]) == (made.image.width, made.image.height, [each.tag_name for each in made.image.tags])
    for uri in (made.image.original_image_uri, made.image.resized_image_uri, made.image.thumbnail_uri):
        answer = requests.get(uri, timeout=30)
        assert (200, "image/") == (answer.status_code, answer.headers["Content-Type"][:6])
    assert drawn_image(1) == requests.get(made.image.original_image_uri, timeout=30).content


def test_a_duplicate_has_its_status(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """The same content again is OKDuplicate, with the image that is there; the batch is not successful then."""
    (image_id,) = upload(trainer, project, [drawn_image(1)])
    summary = trainer.create_images_from_data(project.id, drawn_image(1))
    (again,) = summary.images
    assert (False, "OKDuplicate", image_id) == (summary.is_batch_successful, again.status, again.image.id)


def test_each_image_of_a_batch_has_its_status(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """What is wrong with one image or its tags is in its status; the others are stored."""
    contents = [drawn_image(1), b"no image", drawn_image(2)]
    entries = [m.ImageFileCreateEntry(name=f"{at}.png", contents=each) for at, each in enumerate(contents)]
    entries[2].tag_ids = [ABSENT]
    summary = trainer.create_images_from_files(project.id, m.ImageFileCreateBatch(images=entries))
    assert ["OK", "ErrorImageFormat", "ErrorInvalidTag"] == [each.status for each in summary.images]
    assert "0.png" == summary.images[0].source_url
    assert not summary.is_batch_successful
    assert 1 == trainer.get_image_count(project.id)


def test_no_usable_image_fails_the_call(trainer: Trainer, project: m.Project) -> None:
    """Where no image of a call can be read, it is refused in Microsoft's words."""
    with pytest.raises(m.CustomVisionErrorException, match="No valid image files") as refused:
        trainer.create_images_from_data(project.id, b"no image")
    assert (400, "BadRequestImageBatch") == (refused.value.response.status_code, refused.value.error.code)


def test_batches_are_limited(trainer: Trainer, project: m.Project) -> None:
    """64 images, 20 tags and 256 ids are taken at a time, and no more."""
    expected = (400, "BadRequestExceededBatchSize")
    entries = [m.ImageFileCreateEntry(name="x", contents=b"x")] * 65
    batch = m.ImageFileCreateBatch(images=entries)
    assert expected == refusal(trainer.create_images_from_files, project.id, batch)
    tagged = m.ImageFileCreateBatch(images=entries[:1], tag_ids=[str(uuid.uuid4()) for _ in range(21)])
    assert expected == refusal(trainer.create_images_from_files, project.id, tagged)
    ids = [str(uuid.uuid4()) for _ in range(257)]
    with requests.Session() as session:
        session.headers["Training-Key"] = "0123training"
        base = f"{trainer.config.endpoint.rstrip('/')}/customvision/v3.3/training/projects/{project.id}"
        for address in ("images/id", "images"):
            answer = session.request(
                "GET" if "id" in address else "DELETE", f"{base}/{address}?imageIds={','.join(ids)}", timeout=30
            )
            assert expected == (answer.status_code, answer.json()["code"])


def test_create_images_from_urls(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """Images are fetched from their addresses; one that leads nowhere is an ErrorSource."""
    made = trainer.create_images_from_data(project.id, drawn_image(1)).images[0].image
    trainer.delete_images(project.id, image_ids=[made.id])
    trainer.create_images_from_data(trainer.create_project("keeps the file").id, drawn_image(1))
    entries = [m.ImageUrlCreateEntry(url=made.original_image_uri), m.ImageUrlCreateEntry(url="ftp://example.com/a")]
    summary = trainer.create_images_from_urls(project.id, m.ImageUrlCreateBatch(images=entries))
    assert ["OK", "ErrorSource"] == [each.status for each in summary.images]


def test_get_images(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """Images come in pages, the newest first, by their tags, by whether they have any, and by id."""
    rose, tulip, aster = (trainer.create_tag(project.id, name) for name in ("rose", "tulip", "aster"))
    (first,) = upload(trainer, project, [drawn_image(1)], rose.id)
    (second,) = upload(trainer, project, [drawn_image(2)], rose.id, tulip.id)
    (third,) = upload(trainer, project, [drawn_image(3)])

    def ids(images: list[m.Image]) -> list[str]:
        return [each.id for each in images]

    assert [third, second, first] == ids(trainer.get_images(project.id))
    assert [second, first] == ids(trainer.get_images(project.id, tagging_status="Tagged"))
    assert [first, second] == ids(trainer.get_tagged_images(project.id, order_by="Oldest"))
    assert [third] == ids(trainer.get_untagged_images(project.id))
    assert [second] == ids(trainer.get_images(project.id, take=1, skip=1))
    assert [second, first] == ids(trainer.get_tagged_images(project.id, tag_ids=[tulip.id, rose.id, aster.id]))
    assert [second] == ids(trainer.get_images(project.id, tag_ids=[tulip.id]))
    assert [third, first] == ids(trainer.get_images_by_ids(project.id, image_ids=[third, first, ABSENT]))
    counts = trainer.get_image_count, trainer.get_tagged_image_count, trainer.get_untagged_image_count
    assert [3, 2, 1] == [count(project.id) for count in counts]
    assert 1 == trainer.get_tagged_image_count(project.id, tag_ids=[tulip.id])


def test_image_tags(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """Tags are added and removed; those that an image has already are listed as duplicated."""
    rose, tulip = (trainer.create_tag(project.id, name) for name in ("rose", "tulip"))
    (image_id,) = upload(trainer, project, [drawn_image(1)], rose.id)
    pairs = [m.ImageTagCreateEntry(image_id=image_id, tag_id=tag.id) for tag in (rose, tulip)]
    summary = trainer.create_image_tags(project.id, pairs)
    assert ([tulip.id], [rose.id], []) == tuple(
        [each.tag_id for each in fate] for fate in (summary.created, summary.duplicated, summary.exceeded)
    )
    trainer.delete_image_tags(project.id, image_ids=[image_id], tag_ids=[rose.id])
    (left,) = trainer.get_images(project.id)
    assert ["tulip"] == [each.tag_name for each in left.tags]
    pairs[0].image_id = ABSENT
    assert (404, "NotFoundImage") == refusal(trainer.create_image_tags, project.id, pairs)


def test_a_second_tag_exceeds_in_multiclass(trainer: Trainer, flowers: m.Project) -> None:
    """In a Multiclass project nothing is replaced: the second tag is listed as exceeded."""
    (image, *_) = trainer.get_tagged_images(flowers.id)
    (other,) = (tag.id for tag in trainer.get_tags(flowers.id) if tag.id != image.tags[0].tag_id)
    pair = m.ImageTagCreateEntry(image_id=image.id, tag_id=other)
    summary = trainer.create_image_tags(flowers.id, [pair])
    assert [other] == [each.tag_id for each in summary.exceeded]


def test_delete_images(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """Images leave the workspace by their ids or all at once."""
    ids = upload(trainer, project, [drawn_image(each) for each in range(4)])
    trainer.delete_images(project.id, image_ids=ids[:1])
    assert 3 == trainer.get_image_count(project.id)
    trainer.delete_images(project.id, all_images=True)
    assert 0 == trainer.get_image_count(project.id)
    assert (400, "BadRequestInvalidIds") == refusal(trainer.delete_images, project.id)
    ids = upload(trainer, project, [drawn_image(each) for each in range(2)])
    trainer.delete_images(project.id, image_ids=ids[:1], all_iterations=True)
    assert 1 == trainer.get_image_count(project.id)


def test_metadata_and_its_filter(trainer: Trainer, project: m.Project, drawn_image: DrawImage) -> None:
    """Images carry keys and values, and are found by them."""
    first, second = upload(trainer, project, [drawn_image(1), drawn_image(2)])
    summary = trainer.update_image_metadata(project.id, image_ids=[first], metadata={"Room": "12", "day": "Monday"})
    assert summary.is_batch_successful
    trainer.update_image_metadata(project.id, image_ids=[second], metadata={"Room": "13"})
    found = trainer.get_images(project.id, filter="metadata=Room eq '12' and day ne 'Sunday'")
    assert [(first, {"Room": "12", "day": "Monday"})] == [(each.id, each.metadata) for each in found]
    assert 2 == trainer.get_image_count(project.id, filter="metadata=Room eq '12' or Room eq '13'")
    assert (400, "BadRequestInvalid") == refusal(trainer.get_images, project.id, filter="Room is 12")
    with pytest.raises(m.CustomVisionErrorException):
        trainer.update_image_metadata(project.id, image_ids=[first], metadata={"k": "v" * 513})


def test_train_project(trainer: Trainer, flowers: m.Project, iteration: m.Iteration, project: m.Project) -> None:
    """A training that would repeat the last, or has too little to go by, is refused at once."""
    assert (400, "BadRequestTrainingValidationFailed") == refusal(trainer.train_project, project.id)
    with pytest.raises(m.CustomVisionErrorException, match=r"^Nothing changed since last training$") as refused:
        trainer.train_project(flowers.id)
    assert "BadRequestTrainingNotNeeded" == refused.value.error.code


def test_a_second_training_waits_its_turn(
    trainer: Trainer, project: m.Project, drawn_image: DrawImage, finished: Callable[[m.Iteration], m.Iteration]
) -> None:
    """While a project is trained another training of it is refused; of selected tags only those are trained."""
    tags = [trainer.create_tag(project.id, name) for name in ("a", "b", "c")]
    for at, tag in enumerate(tags):
        upload(trainer, project, [drawn_image(100 + 10 * at + each) for each in range(5)], tag.id)
    started = trainer.train_project(project.id, selected_tags=[tag.id for tag in tags[:2]])
    refused = refusal(trainer.train_project, project.id, force_train=True)
    assert (400, "BadRequestTrainingAlreadyInProgress") == refused
    assert ["a", "b"] == [tag.name for tag in trainer.get_tags(project.id, iteration_id=started.id)]
    finished(started)
    trainer.delete_iteration(project.id, started.id)
    assert [] == trainer.get_iterations(project.id)
    assert (404, "NotFoundIteration") == refusal(trainer.get_iteration, project.id, started.id)


def test_iterations(trainer: Trainer, flowers: m.Project, iteration: m.Iteration) -> None:
    """An iteration tells what it was made of and under which name it answers, and takes another name."""
    assert ("Completed", "garden", "Multiclass") == (
        iteration.status,
        iteration.publish_name,
        iteration.classification_type,
    )
    assert iteration.trained_at.tzinfo is not None
    assert "the first" == trainer.update_iteration(flowers.id, iteration.id, "the first").name
    assert [iteration.id] == [each.id for each in trainer.get_iterations(flowers.id)]


def test_a_snapshot_keeps_what_the_workspace_loses(
    trainer: Trainer, project: m.Project, drawn_image: DrawImage, finished: Callable[[m.Iteration], m.Iteration]
) -> None:
    """Images and tags asked for with an iteration's id are those it was trained on."""
    tags = [trainer.create_tag(project.id, name) for name in ("a", "b")]
    images = [
        upload(trainer, project, [drawn_image(200 + 10 * at + n) for n in range(5)], tag.id)
        for at, tag in enumerate(tags)
    ]
    trained = finished(trainer.train_project(project.id))
    trainer.delete_images(project.id, image_ids=images[0][:1])
    trainer.delete_tag(project.id, tags[1].id)
    assert (9, 10) == (trainer.get_image_count(project.id), trainer.get_image_count(project.id, trained.id))
    assert [5, 5] == [tag.image_count for tag in trainer.get_tags(project.id, trained.id)]
    kept = trainer.get_tagged_images(project.id, trained.id, tag_ids=[tags[1].id])
    assert {("b",)} == {tuple(each.tag_name for each in image.tags) for image in kept}
    assert 0 == trainer.get_untagged_image_count(project.id, trained.id)


def test_publish_iteration(
    trainer: Trainer, predictor: Predictor, flowers: m.Project, iteration: m.Iteration, drawn_image: DrawImage
) -> None:
    """An iteration answers to several names, is not deleted while it does, and to none once unpublished."""
    assert trainer.publish_iteration(flowers.id, iteration.id, "second", "any") is True
    for name in ("garden", "second"):
        assert iteration.id == predictor.classify_image_with_no_store(flowers.id, name, drawn_image(1)).iteration
    assert (400, "BadRequestIterationIsPublished") == refusal(trainer.delete_iteration, flowers.id, iteration.id)
    trainer.unpublish_iteration(flowers.id, iteration.id)
    gone = refusal(trainer.unpublish_iteration, flowers.id, iteration.id)
    assert (400, "BadRequestIterationNotPublished") == gone
    slash = refusal(trainer.publish_iteration, flowers.id, iteration.id, "a/b", "any")
    assert (400, "BadRequestInvalidPublishName") == slash
    assert trainer.publish_iteration(flowers.id, iteration.id, "garden", "any") is True


def test_get_iteration_performance(trainer: Trainer, flowers: m.Project, iteration: m.Iteration) -> None:
    """Precision and recall follow the threshold, with their deviations over the folds."""
    performance = trainer.get_iteration_performance(flowers.id, iteration.id, threshold=0.0)
    assert ["rose", "tulip"] == [each.name for each in performance.per_tag_performance]
    assert 0 <= performance.precision <= 1
    assert performance.precision_std_deviation >= 0
    strict = trainer.get_iteration_performance(flowers.id, iteration.id, threshold=1.0)
    assert (0.0, 0.0) == (strict.recall, strict.precision)
    assert (400, "BadRequestInvalid") == refusal(
        trainer.get_iteration_performance, flowers.id, iteration.id, threshold=1.4
    )


def test_get_image_performances(trainer: Trainer, flowers: m.Project, iteration: m.Iteration) -> None:
    """Each evaluated image has the probabilities of the fold that did not train on it."""
    page = trainer.get_image_performances(flowers.id, iteration.id, take=5)
    assert 5 == len(page)
    assert 1 == pytest.approx(sum(each.probability for each in page[0].predictions))
    assert 12 == trainer.get_image_performance_count(flowers.id, iteration.id)
    (rose, _) = trainer.get_tags(flowers.id)
    assert 6 == trainer.get_image_performance_count(flowers.id, iteration.id, tag_ids=[rose.id])


def test_classify(predictor: Predictor, flowers: m.Project, iteration: m.Iteration, drawn_image: DrawImage) -> None:
    """Every tag is answered with its probability, the highest first; an unknown name is an Invalid iteration."""
    answer = predictor.classify_image(flowers.id, "garden", drawn_image(1), application="garden app")
    assert (flowers.id, iteration.id) == (answer.project, answer.iteration)
    first, second = answer.predictions
    assert first.probability >= second.probability
    assert 1 == pytest.approx(first.probability + second.probability)
    with pytest.raises(Exception, match="Invalid iteration"):
        predictor.classify_image(flowers.id, "meadow", drawn_image(1))


def test_classify_url(trainer: Trainer, predictor: Predictor, flowers: m.Project, iteration: m.Iteration) -> None:
    """An image at an address is answered as one that is sent."""
    (image,) = trainer.get_images(flowers.id, take=1)
    for ask in (predictor.classify_image_url, predictor.classify_image_url_with_no_store):
        assert 2 == len(ask(flowers.id, "garden", image.original_image_uri).predictions)


def test_quick_test(trainer: Trainer, flowers: m.Project, iteration: m.Iteration, drawn_image: DrawImage) -> None:
    """Any trained iteration predicts with the training key; without its id the newest does."""
    assert iteration.id == trainer.quick_test_image(flowers.id, drawn_image(1), store=False).iteration
    assert iteration.id == trainer.quick_test_image(flowers.id, drawn_image(1), iteration_id=iteration.id).iteration
    (image,) = trainer.get_images(flowers.id, take=1)
    assert 2 == len(trainer.quick_test_image_url(flowers.id, image.original_image_uri).predictions)


def test_predictions(
    trainer: Trainer, predictor: Predictor, flowers: m.Project, iteration: m.Iteration, drawn_image: DrawImage
) -> None:
    """Predictions are stored, listed page by page, and added to the project as images, or deleted."""
    asked = [
        predictor.classify_image(flowers.id, "garden", drawn_image(300 + n), application="query").id for n in range(5)
    ]
    predictor.classify_image_with_no_store(flowers.id, "garden", drawn_image(400), application="query")

    def query(**wanted: object) -> list[str]:
        token, found = m.PredictionQueryToken(application="query", max_count=2, **wanted), []
        while True:
            result = trainer.query_predictions(flowers.id, token)
            found += [each.id for each in result.results]
            token = result.token
            if not token.continuation:
                return found

    assert asked == query(order_by="Oldest")
    assert asked[::-1] == query(order_by="Newest")
    assert sorted(asked) == sorted(query(order_by="Suggested", iteration_id=iteration.id))
    (rose, _) = trainer.get_tags(flowers.id)
    bound = m.PredictionQueryTag(id=rose.id, min_threshold=0.0, max_threshold=1.0)
    assert 5 == len(query(tags=[bound]))

    batch = m.ImageIdCreateBatch(images=[m.ImageIdCreateEntry(id=asked[0], tag_ids=[rose.id])])
    summary = trainer.create_images_from_predictions(flowers.id, batch)
    assert ["OK"] == [each.status for each in summary.images]
    assert ["rose"] == [each.tag_name for each in summary.images[0].image.tags]
    trainer.delete_prediction(flowers.id, asked[1:])
    assert [] == query()
    trainer.delete_images(flowers.id, image_ids=[summary.images[0].image.id])


@pytest.mark.slow
def test_exports(
    trainer: Trainer,
    project: m.Project,
    drawn_image: DrawImage,
    shared: Path,
    finished: Callable[[m.Iteration], m.Iteration],
) -> None:
    """An export is begun, asked for until it is done, and fetched without a key; the same again is the same one."""
    project.settings.domain_id = "a1db07ca-a19a-4830-bae8-e004a42dc863"
    trainer.update_project(project.id, project)
    for at, name in enumerate(("a", "b")):
        tag = trainer.create_tag(project.id, name)
        upload(trainer, project, [drawn_image(500 + 10 * at + n) for n in range(5)], tag.id)
    trained = finished(trainer.train_project(project.id))
    assert trained.exportable
    export = trainer.export_iteration(project.id, trained.id, "TensorFlow", "TensorFlowLite")
    assert ("TensorFlow", "TensorFlowLite", "Exporting") == (export.platform, export.flavor, export.status)
    expected = (400, "BadRequestExportAlreadyInProgress")
    assert expected == refusal(trainer.export_iteration, project.id, trained.id, "TensorFlow", "TensorFlowLite")
    deadline = time.monotonic() + 180
    while export.status == "Exporting":
        assert time.monotonic() < deadline
        time.sleep(0.5)
        (export,) = trainer.get_exports(project.id, trained.id)
    assert "Done" == export.status
    fetched = requests.get(export.download_uri, timeout=30)
    assert {"labels.txt", "model.tflite", "predict.py"} < set(zipfile.ZipFile(io.BytesIO(fetched.content)).namelist())
    again = trainer.export_iteration(project.id, trained.id, "tensorflow", "tensorflowlite")
    assert export.download_uri == again.download_uri


def test_what_cannot_be_exported(trainer: Trainer, flowers: m.Project, iteration: m.Iteration) -> None:
    """A platform that is not made here is refused at once."""
    assert (400, "BadRequestNotSupported") == refusal(trainer.export_iteration, flowers.id, iteration.id, "VAIDK")
    assert "VAIDK" not in [export.platform for export in trainer.get_exports(flowers.id, iteration.id)]
    missing = requests.get(
        f"{trainer.config.endpoint}customvision/files/export/{ABSENT}/onnx-{'0' * 32}.zip", timeout=30
    )
    assert 404 == missing.status_code


def test_suggestions(trainer: Trainer, flowers: m.Project, iteration: m.Iteration) -> None:
    """Untagged images are given tags, the most uncertain first, and are counted by tag."""
    (untagged,) = trainer.get_untagged_images(flowers.id)
    (suggestion,) = trainer.suggest_tags_and_regions(flowers.id, iteration.id, [untagged.id])
    assert 2 == len(suggestion.predictions)
    assert 0 <= suggestion.prediction_uncertainty <= 1
    token = m.SuggestedTagAndRegionQueryToken(threshold=0.0, max_count=10, sort_by="UncertaintyAscending", tag_ids=[])
    result = trainer.query_suggested_images(flowers.id, iteration.id, token)
    assert [untagged.id] == [each.id for each in result.results]
    tag_ids = [tag.id for tag in trainer.get_tags(flowers.id)]
    counts = trainer.query_suggested_image_count(flowers.id, iteration.id, tag_ids, 0.0)
    assert dict.fromkeys(tag_ids, 1) == counts


def test_export_and_import_project(trainer: Trainer, flowers: m.Project) -> None:
    """A token makes a copy of a project with its tags, images and iterations under another name."""
    export = trainer.export_project(flowers.id)
    assert (13, 2) == (export.image_count, export.tag_count)
    there = trainer.get_iterations(flowers.id)
    assert len([each for each in there if each.status == "Completed"]) == export.iteration_count
    copy = trainer.import_project(export.token, name="flowers again")
    assert ("flowers again", "Succeeded") == (copy.name, copy.status)
    assert [("rose", 6), ("tulip", 6)] == [(tag.name, tag.image_count) for tag in trainer.get_tags(copy.id)]
    assert 13 == trainer.get_image_count(copy.id)
    assert (400, "BadRequestInvalidImportToken") == refusal(trainer.import_project, "no token")
    trainer.delete_project(copy.id)


def test_object_detection_is_refused(
    trainer: Trainer, predictor: Predictor, flowers: m.Project, drawn_image: DrawImage
) -> None:
    """Operations of object detection answer BadRequestNotSupported."""
    expected = (400, "BadRequestNotSupported")
    assert expected == refusal(trainer.get_image_region_proposals, flowers.id, ABSENT)
    assert expected == refusal(trainer.create_image_regions, flowers.id, [])
    assert expected == refusal(trainer.delete_image_regions, flowers.id, [ABSENT])
    for ask in (predictor.detect_image, predictor.detect_image_with_no_store):
        with pytest.raises(Exception, match="object detection"):
            ask(flowers.id, "garden", drawn_image(1))
    for ask in (predictor.detect_image_url, predictor.detect_image_url_with_no_store):
        with pytest.raises(Exception, match="object detection"):
            ask(flowers.id, "garden", "https://example.com/a.png")


def test_get_artifact(trainer: Trainer, flowers: m.Project) -> None:
    """What lies at an image's address comes by its path too."""
    (image,) = trainer.get_images(flowers.id, take=1)
    fetched = b"".join(trainer.get_artifact(flowers.id, path=image.original_image_uri))
    assert requests.get(image.original_image_uri, timeout=30).content == fetched
    with pytest.raises(Exception, match="Bad Request") as refused:
        trainer.get_artifact(flowers.id, path="x")
    refused.value.response.close()
