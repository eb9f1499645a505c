"""An iteration's numbers are those of its saved probabilities, in every form in which they are given."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from cvcore import evaluation, metrics, projects, training
from cvcore.errors import Conflict, InvalidInput, ModelDamaged, NotFound
from cvcore.evaluation import out_of_fold, overviews, report_files
from cvcore.files import blobs, disks, npz
from cvcore.metrics import calibration, reports, threshold_tuning
from cvcore.projects import tagging, uploads
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import DrawImage

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

RATES = ("precision", "recall", "f1", "average_precision")


def drawn_probabilities(rows: int, columns: int, *, multilabel: bool = False) -> np.ndarray:
    """Probabilities of a model that knows nothing."""
    drawn = np.random.default_rng(5).random((rows, columns))
    return np.asarray(drawn if multilabel else drawn / drawn.sum(axis=1, keepdims=True), np.float32)


def replace_arrays(store: Store, iteration: Iteration, **changes: Any) -> None:
    """Put other arrays in the place of an iteration's that nobody has asked for yet."""
    folder = blobs.iteration_folder(store.home, iteration.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | changes
    evaluation.save(folder, evaluation.OutOfFold(**fields))


def rows_of(text: str) -> tuple[list[str], list[list[str]]]:
    """A CSV's header and its rows."""
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


def is_rate(value: object) -> bool:
    return value is None or (isinstance(value, float) and 0 <= value <= 1)


def test_performance_is_the_contract(store: Store, fill: Fill, trained: Trained) -> None:
    """Every key of it, of its type, and the same through JSON."""
    project = fill(rose=6, tulip=5)
    iteration = trained(project, drawn_probabilities(11, 2))
    printed = report_files.performance_json(store, project, iteration, 0.5)
    rates = {*RATES, *(f"{name}_interval" for name in RATES)}
    assert {
        "project": "Flowers",
        "iteration": 1,
        "iteration_name": "Iteration 1",
        "backbone": "Built-in network",
        "note": "",
        "evaluation": {"method": "k-fold", "folds": 2, "seed": 0},
        "threshold": 0.5,
        "threshold_saved": False,
        "not_evaluated": {"images": 0, "tags": []},
        "seconds": {"features": 0.1, "fit": 0.2, "total": 0.3},
        "training": {"advanced": False, "budget_minutes": None, "outcome": None},
    } == {key: value for key, value in printed.items() if key not in ("overall", "tags")}
    assert rates == set(printed["overall"])
    assert [("rose", 6), ("tulip", 5)] == [(tag["name"], tag["images"]) for tag in printed["tags"]]
    for row in (printed["overall"], *printed["tags"]):
        assert all(is_rate(row[name]) for name in RATES)
        assert all(len(row[f"{name}_interval"]) == 2 and all(map(is_rate, row[f"{name}_interval"])) for name in RATES)
    for tag in printed["tags"]:
        assert {"name", "images", "tp", "fp", "fn"} | rates == set(tag)
        assert [int] * 4 == [type(tag[key]) for key in ("images", "tp", "fp", "fn")]
        assert tag["images"] == tag["tp"] + tag["fn"]
    assert printed == json.loads(json.dumps(printed, allow_nan=False))


def test_undefined_numbers_are_none(store: Store, fill: Fill, trained: Trained) -> None:
    """A tag that is never answered has no precision; at threshold 1 nothing is, so there is none overall either."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project, [[0.9, 0.1]] * 10)
    printed = report_files.performance_json(store, project, iteration, 0.5)
    rose, tulip = printed["tags"]
    assert (0.5, 1.0, None, 0.0, 0.0) == (
        rose["precision"],
        rose["recall"],
        tulip["precision"],
        tulip["recall"],
        tulip["f1"],
    )
    assert [None, None] == tulip["precision_interval"]
    assert 0.5 == printed["overall"]["precision"]
    nothing = report_files.performance_json(store, project, iteration, 1.0)["overall"]
    assert (None, 0.0, [None, None]) == (nothing["precision"], nothing["recall"], nothing["precision_interval"])


def test_a_threshold_outside_its_range_is_refused(store: Store, fill: Fill, trained: Trained) -> None:
    """It is a probability."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    for threshold in (-0.1, 1.4, float("nan")):
        with pytest.raises(InvalidInput, match=r"threshold must be in 0\.\.1, got"):
            report_files.performance_json(store, project, iteration, threshold)


@pytest.mark.parametrize("classification_type", ["Multiclass", "Multilabel"])
def test_scores_tell_the_same_story(store: Store, fill: Fill, trained: Trained, classification_type: str) -> None:
    """From the CSV alone, scikit-learn finds the precision and recall that the JSON tells."""
    project = fill(classification_type=classification_type, rose=9, tulip=8, lily=7)
    multilabel = classification_type == MULTILABEL
    iteration = trained(project, drawn_probabilities(24, 3, multilabel=multilabel))
    header, rows = rows_of(report_files.scores_csv(store, iteration))
    tags = header[3:]
    truth = np.array([[tag in row[2].split("|") for tag in tags] for row in rows])
    printed = np.array([[float(value) for value in row[3:]] for row in rows])
    answered = printed >= 0.5
    if not multilabel:
        answered &= printed.argmax(axis=1)[:, None] == np.arange(3)
    performance = report_files.performance_json(store, project, iteration, 0.5)["tags"]
    assert tags == [tag["name"] for tag in performance]
    for name, score in (("precision", precision_score), ("recall", recall_score)):
        expected = score(truth, answered, average=None, zero_division=np.nan)
        np.testing.assert_allclose([np.nan if tag[name] is None else tag[name] for tag in performance], expected)


def test_scores_hold_every_evaluated_picture(store: Store, fill: Fill, trained: Trained) -> None:
    """One row each, its probabilities to the last bit; images that were not evaluated have none."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    expected = drawn_probabilities(10, 2)
    expected[3] = np.nan
    replace_arrays(store, iteration, probabilities=expected, folds=np.array([0, 1, 0, -1, 1, 0, 1, 0, 1, 0]))
    header, rows = rows_of(report_files.scores_csv(store, iteration))
    assert ["image", "fold", "truth", "rose", "tulip"] == header
    names = [image.name for image in store.iterations.images(iteration.id)]
    assert names[:3] + names[4:] == [row[0] for row in rows]
    assert {"0", "1"} == {row[1] for row in rows}
    assert {"rose", "tulip"} == {row[2] for row in rows}
    np.testing.assert_array_equal(
        np.delete(expected, 3, axis=0), np.array([row[3:] for row in rows]).astype(np.float32)
    )
    tags = report_files.performance_json(store, project, iteration, 0.5)["tags"]
    assert 9 == sum(tag["images"] for tag in tags)
    assert 9 == evaluation.report(store, iteration).overall.images


def test_a_score_used_as_threshold_is_reached(store: Store, fill: Fill, trained: Trained) -> None:
    """Every score, read back from the CSV, is the stored number: a report at it counts the images as the CSV does."""
    project = fill(classification_type=MULTILABEL, rose=9, tulip=8)
    iteration = trained(project, drawn_probabilities(17, 2, multilabel=True))
    _, rows = rows_of(report_files.scores_csv(store, iteration))
    scores = np.array([[float(value) for value in row[3:]] for row in rows])
    for score in scores[:, 0]:
        rose = report_files.performance_json(store, project, iteration, float(score))["tags"][0]
        assert np.count_nonzero(scores[:, 0] >= score) == rose["tp"] + rose["fp"]


def test_every_row_has_a_name_of_its_own(store: Store, drawn_image: DrawImage, fill: Fill, trained: Trained) -> None:
    """Images of the same name are told apart by their SHA-256; a name that is there once stays as it is."""
    project = fill(rose=5, tulip=5)
    tag = store.tags.of_project(project.id)[0]
    for number in (50, 51):
        uploads.add(store, project, "same.png", drawn_image(number), tag_ids=[tag.id], limits=Limits())
    _, rows = rows_of(report_files.scores_csv(store, trained(project)))
    names = [row[0] for row in rows]
    assert 12 == len(set(names))
    digests = {sha256(drawn_image(number)).hexdigest()[:12] for number in (50, 51)}
    assert {f"same.png#{digest}" for digest in digests} == {name for name in names if name.startswith("same")}
    assert "1.png" in names


@pytest.mark.parametrize("is_alike", [True, False])
def test_what_was_not_evaluated_is_said(store: Store, fill: Fill, trained: Trained, is_alike: bool) -> None:
    """A tag whose images are near duplicates of one another is named with its cure, unless some were evaluated."""
    iteration = trained(fill(rose=5, tulip=5))
    tulips = np.array([image.columns == (1,) for image in store.iterations.images(iteration.id)])
    replace_arrays(
        store,
        iteration,
        folds=np.where(tulips, -1, np.arange(10) % 2),
        groups=np.where(tulips & is_alike, 99, np.arange(10)),
    )
    reason = ": all images of 'tulip' are near duplicates of one another. Add different images." if is_alike else "."
    assert f"5 images could not be evaluated{reason}" == str(report_files.not_evaluated(store, iteration))


def test_a_group_key_is_the_reason_told() -> None:
    """Where a training keeps images of one key together, that is said, not that they are near duplicates alone."""
    told = str(report_files.NotEvaluated(5, ("tulip",), "room"))
    assert told == (
        "5 images could not be evaluated: all images of 'tulip' are of the same room, or near duplicates of such. Add "
        "images of another room."
    )


def test_a_hold_out_says_which_tags_it_cannot_evaluate(store: Store, fill: Fill, trained: Trained) -> None:
    """Most images are not held out; only a tag of which none could be is named, with its images."""
    iteration = trained(fill(rose=5, tulip=5), evaluation_method="hold-out")
    tulips = np.array([image.columns == (1,) for image in store.iterations.images(iteration.id)])
    held_out = np.where(~tulips & (np.cumsum(~tulips) == 2), 0, -1)
    replace_arrays(store, iteration, folds=held_out, groups=np.where(tulips, 99, np.arange(10)))
    assert report_files.NotEvaluated(5, ("tulip",)) == report_files.not_evaluated(store, iteration)


def test_scores_of_hostile_names(store: Store, fill: Fill, trained: Trained) -> None:
    """Commas, quotes and other scripts in tags come through a CSV as they are."""
    project = fill(**{'"a", b': 5, "玫瑰": 5})
    header, rows = rows_of(report_files.scores_csv(store, trained(project)))
    assert ['"a", b', "玫瑰"] == header[3:]
    assert {'"a", b', "玫瑰"} == {row[2] for row in rows}


def test_several_tags_and_none(store: Store, fill: Fill, trained: Trained) -> None:
    """In Multilabel the truth is joined by bars, and a negative image's is empty."""
    project = fill(classification_type=MULTILABEL, a=5, b=5, none=5)
    a, b, none = store.tags.of_project(project.id)
    tagging.set_kind(store, project, none, "Negative")
    tagging.add_tags(store, project, [image.id for image in store.images.page(project.id, tag_id=a.id, take=5)], [b.id])
    iteration = trained(project)
    header, rows = rows_of(report_files.scores_csv(store, iteration))
    assert ["a", "b"] == header[3:]
    assert [""] * 5 + ["a|b"] * 5 + ["b"] * 5 == sorted(row[2] for row in rows)
    assert ["a", "b"] == [tag["name"] for tag in report_files.performance_json(store, project, iteration, 0.5)["tags"]]


def test_counts_are_the_reports(store: Store, fill: Fill, trained: Trained) -> None:
    """At each slider position the page counts what a report at that threshold counts."""
    iteration = trained(fill(rose=6, tulip=7), drawn_probabilities(13, 2))
    counts = evaluation.overview(store, iteration).sweep.counts
    assert (101, 2, 4) == counts.shape
    for position in (0, 37, 50, 100):
        tags = evaluation.report(store, iteration, metrics.THRESHOLDS[position]).tags
        assert [[tag.tp, tag.fp, tag.fn] for tag in tags] == counts[position, :, :3].tolist()


def test_scores_of_a_card_are_those_at_one_half(store: Store, fill: Fill, trained: Trained) -> None:
    """What stands on a project's card is what the Performance page opens with."""
    project = fill(rose=6, tulip=7)
    iteration = trained(project, drawn_probabilities(13, 2))
    overall = report_files.performance_json(store, project, iteration, evaluation.DEFAULT_THRESHOLD)["overall"]
    assert iteration.scores is not None
    assert [overall[name] for name in RATES] == [getattr(iteration.scores, name) for name in RATES]


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("", "Iteration 1 has no numbers yet, it is in training: wait for it"),
        ("failed", "Iteration 1 has no numbers yet, its training failed: train again"),
    ],
)
def test_an_untrained_iteration_has_no_numbers(store: Store, fill: Fill, ending: str, message: str) -> None:
    """It says what it waits for."""
    job = training.start(store, fill(rose=5, tulip=5))
    if ending:
        training.close(store, job, ending, "no reason")
    with pytest.raises(Conflict) as refusal:
        evaluation.report(store, store.iterations.get(job.iteration_id or ""))
    assert message == str(refusal.value)


def test_a_missing_file_is_told(store: Store, fill: Fill, trained: Trained) -> None:
    """One sentence says which, and what to do."""
    iteration = trained(fill(rose=5, tulip=5))
    shutil.rmtree(blobs.iteration_folder(store.home, iteration.id))
    with pytest.raises(ModelDamaged) as refusal:
        evaluation.report(store, iteration)
    assert "the iteration's file arrays.npz is missing from the home folder: train it again" == str(refusal.value)


def _cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


def _another_format(data: bytes) -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def _without_an_array(data: bytes) -> bytes:
    file = io.BytesIO()
    np.savez(file, truth=np.zeros((2, 2), bool))
    return file.getvalue()


def _objects(data: bytes) -> bytes:
    file = io.BytesIO()
    np.savez(file, **{name: np.array([{}]) for name in evaluation.OutOfFold.__dataclass_fields__})
    return file.getvalue()


@pytest.mark.parametrize(
    "damage", [_cut_short, _flipped, _another_format, _without_an_array, _objects, lambda data: b"", lambda data: b"PK"]
)
def test_a_damaged_file_is_told(store: Store, fill: Fill, trained: Trained, damage: Callable[[bytes], bytes]) -> None:
    """Whatever numpy makes of it, and without running anything that it holds."""
    iteration = trained(fill(rose=5, tulip=5))
    path = blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelDamaged, match=r"^the iteration's file arrays\.npz is damaged \(.*\): train it again$"):
        evaluation.load(store, iteration)


def _rewritten(data: bytes, **changes: Any) -> bytes:
    """An overview's file with some arrays changed, or left out where they are None."""
    with np.load(io.BytesIO(data)) as arrays:
        changed = dict(arrays) | changes
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in changed.items() if array is not None})
    return file.getvalue()


def _without_calibration(data: bytes) -> bytes:
    return _rewritten(data, **{"calibration.temperature": None})


def _of_another_shape(data: bytes) -> bytes:
    return _rewritten(data, **{"sweep.recall.values": np.zeros((50, 2))})


def _of_text(data: bytes) -> bytes:
    return _rewritten(data, parts=np.array(["many"]))


def _with_short_curves(data: bytes) -> bytes:
    return _rewritten(data, tp=np.zeros(1, np.int64))


DAMAGES = [
    _cut_short,
    _flipped,
    _another_format,
    _without_an_array,
    _objects,
    _without_calibration,
    _of_another_shape,
    _of_text,
    _with_short_curves,
    lambda data: b"",
]


@pytest.mark.parametrize("damage", [None, *DAMAGES])
def test_a_lost_or_damaged_overview_is_computed_again(
    store: Store, fill: Fill, trained: Trained, tmp_path: Path, damage: Callable[[bytes], bytes] | None
) -> None:
    """Of an iteration from before there were overviews, or with a damaged one, the numbers are the same, and kept."""
    iteration = trained(fill(rose=6, tulip=7), drawn_probabilities(13, 2))
    copy = Store(Path(shutil.copytree(store.home, tmp_path / "copy")))
    path = blobs.iteration_folder(copy.home, iteration.id) / overviews.FILE
    whole = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage(whole))
    assert evaluation.report(store, iteration) == evaluation.report(copy, iteration)
    with np.load(io.BytesIO(whole)) as before, np.load(path) as now:
        assert before.files == now.files
        for name in now.files:
            np.testing.assert_array_equal(before[name], now[name])
    copy.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_overview_is_refused(
    store: Store, fill: Fill, trained: Trained, damage: Callable[[bytes], bytes]
) -> None:
    """Bytes that are no overview are told by one error, which names the file."""
    iteration = trained(fill(rose=6, tulip=7), drawn_probabilities(13, 2))
    data = (blobs.iteration_folder(store.home, iteration.id) / overviews.FILE).read_bytes()
    with pytest.raises(ModelDamaged, match=r"^the iteration's file overview-2\.npz .*: train it again$"):
        overviews.unpacked(damage(data))


def test_a_programming_error_is_not_taken_for_damage(
    store: Store, fill: Fill, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in reading an overview shows up, in place of computing each overview again at every start."""
    iteration = trained(fill(rose=5, tulip=5))

    def forgotten(*_: object) -> None:
        raise KeyError("curves")

    monkeypatch.setattr(overviews, "_put_together", forgotten)
    with pytest.raises(KeyError, match="curves"):
        evaluation.overview(store, iteration)


def test_numbers_need_no_arrays(store: Store, fill: Fill, trained: Trained) -> None:
    """Of the large file pages read only images: numbers, thresholds and calibration are there without it."""
    iteration = trained(fill(rose=5, tulip=5))
    predictions = evaluation.load(store, iteration)
    rows = predictions.truth, predictions.probabilities, predictions.folds, predictions.groups
    (blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS).unlink()
    assert 1.0 == evaluation.report(store, iteration, 0.5).overall.recall
    kept = evaluation.overview(store, iteration)
    assert [5, 5] == [curve.positives for curve in kept.curves]
    np.testing.assert_array_equal(threshold_tuning.part_counts(*rows, multilabel=False), kept.parts)
    calibrated = calibration.calibration(*rows, multilabel=False)
    assert (calibrated.temperature, calibrated.after.error) == (
        kept.calibration.temperature,
        kept.calibration.after.error,
    )
    np.testing.assert_array_equal(calibrated.before.counts, kept.calibration.before.counts)
    assert (10, 1.0) == (kept.rekognition.tested, kept.rekognition.overall_f1)


def test_iterations_and_homes_are_not_mixed_up(store: Store, fill: Fill, trained: Trained, tmp_path: Path) -> None:
    """What is kept in memory belongs to one iteration of one home, even where another has the same id."""
    project = fill(rose=5, tulip=5)
    right, wrong = trained(project), trained(project, [[0.9, 0.1]] * 10)
    assert (1.0, 0.5) == tuple(evaluation.report(store, each).overall.recall for each in (right, wrong))
    copy = Store(Path(shutil.copytree(store.home, tmp_path / "copy")))
    folders = [blobs.iteration_folder(copy.home, each.id) for each in (right, wrong)]
    shutil.rmtree(folders[0])
    shutil.copytree(folders[1], folders[0])
    assert 0.5 == evaluation.report(copy, copy.iterations.get(right.id)).overall.recall
    assert 1.0 == evaluation.report(store, right).overall.recall
    copy.close()


def test_numbers_stay_as_they_were(store: Store, fill: Fill, trained: Trained) -> None:
    """Renamed tags, deleted images and a later iteration change nothing of what an iteration tells."""
    project = fill(rose=6, tulip=6)
    iteration = trained(project, drawn_probabilities(12, 2))
    before = report_files.performance_json(store, project, iteration, 0.5), report_files.scores_csv(store, iteration)
    tagging.rename(store, store.tags.of_project(project.id)[0], "lily", limits=Limits())
    store.images.remove([image.id for image in store.images.page(project.id, take=1)])
    trained(projects.change(store, project, domain="General"))
    assert before == (
        report_files.performance_json(store, project, iteration, 0.5),
        report_files.scores_csv(store, iteration),
    )


def test_the_explorers_numbers_are_the_reports(store: Store, fill: Fill, trained: Trained) -> None:
    """What the page draws, intervals and curves too, is what a report at the slider's threshold says."""
    iteration = trained(fill(rose=6, tulip=7), drawn_probabilities(13, 2))
    swept, at_threshold = evaluation.overview(store, iteration).sweep, evaluation.report(store, iteration, 0.37)
    predictions = evaluation.load(store, iteration)
    np.testing.assert_array_equal(
        metrics.counts(predictions.truth, predictions.probabilities, multilabel=False), swept.counts
    )
    ends = np.column_stack([swept.recall.low[37], swept.recall.high[37]])
    np.testing.assert_allclose([tag.recall_interval for tag in at_threshold.tags], ends)
    rows = predictions.truth, predictions.probabilities, predictions.folds, predictions.groups
    slow = reports.report(*rows, 0.37, multilabel=False)
    for one, other in zip((at_threshold.overall, *at_threshold.tags), (slow.overall, *slow.tags), strict=True):
        for name, value in dataclasses.asdict(one).items():
            np.testing.assert_allclose(value, getattr(other, name), rtol=1e-6, err_msg=name)
    for curve, tag in zip(evaluation.overview(store, iteration).curves, at_threshold.tags, strict=True):
        assert (tag.tp, tag.fp) in list(zip(curve.tp, curve.fp, strict=True))
        assert (tag.images, 13) == (curve.positives, curve.images)


@pytest.mark.parametrize("is_old", [False, True])
def test_pieces_are_those_of_the_whole(store: Store, fill: Fill, trained: Trained, is_old: bool) -> None:
    """Some of the rows, also of an iteration whose file an older version compressed."""
    iteration = trained(fill(rose=6, tulip=7), drawn_probabilities(13, 2))
    path = blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS
    if is_old:
        with np.load(path) as arrays:
            fields = dict(arrays)
        np.savez_compressed(path, **fields)
    whole = evaluation.load(store, iteration)
    rows = np.array([12, 0, 5])
    part = evaluation.load_rows(store, iteration, rows)
    for name in ("truth", "probabilities", "folds", "groups"):
        np.testing.assert_array_equal(getattr(whole, name)[rows], getattr(part, name), strict=True)
    np.testing.assert_array_equal(whole.kernel, part.kernel, strict=True)
    assert part.multilabel is whole.multilabel is False


@pytest.mark.parametrize(("file_system", "is_mapped"), [("ext4", npz.CAN_STAY_MAPPED), ("nfs4", False)])
def test_arrays_on_a_network_share_are_not_mapped(
    store: Store,
    fill: Fill,
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file_system: str,
    is_mapped: bool,
) -> None:
    """They are read whole, however large they are: so a share that goes away is an error, not the process's end."""
    monkeypatch.setattr(out_of_fold, "MAPPED_FROM_BYTES", 0)
    monkeypatch.setattr(disks, "MOUNTS", tmp_path / "mounts")
    (tmp_path / "mounts").write_text(f"disk {store.home.resolve()} {file_system} rw 0 0\n")
    iteration = trained(fill(rose=6, tulip=7), drawn_probabilities(13, 2))
    path = blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS
    arrays, some = out_of_fold.read(path), out_of_fold.read_rows(path, np.array([3]), multilabel=False)
    assert (is_mapped, file_system == "nfs4") == (not arrays.probabilities.flags.writeable, some is None)
    np.testing.assert_array_equal(arrays.truth[[3]], evaluation.load_rows(store, iteration, np.array([3])).truth)


def test_arrays_are_kept_in_pieces(store: Store, fill: Fill, trained: Trained) -> None:
    """They lie in the file as they are, so that a click need not read them whole."""
    iteration = trained(fill(rose=6, tulip=7), drawn_probabilities(13, 2))
    path = blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS
    with zipfile.ZipFile(path) as archive:
        assert {zipfile.ZIP_STORED} == {member.compress_type for member in archive.infolist()}


def test_an_iteration_that_was_deleted(store: Store, fill: Fill, trained: Trained) -> None:
    """In another tab: that is told, not that its file is missing."""
    iteration = trained(fill(rose=5, tulip=5))
    training.delete_iteration(store, iteration)
    with pytest.raises(NotFound, match="it may have been deleted"):
        evaluation.load_rows(store, iteration, np.array([0]))
