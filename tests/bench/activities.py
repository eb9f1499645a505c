"""What goes on when a process is killed: each activity does one thing again and again, and notes what it was told.

An activity ends by itself when the app no longer answers it. What was under way then may be done or not.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from killed_site import Refused, Site, drawn
from promises import sha256_of

from cvcore.files import blobs

GONE = (OSError, http.client.HTTPException)
IMPORTED = 40
COMPLETE = {"predict.py", "model.json", "cvexport.manifest"}


def uploading(site: Site) -> None:
    """Images through the API, one by one and several at a time."""
    project_id, tags = site.ids["Uploaded"], site.tags["Uploaded"]
    for number in site.until_over():
        sent = [drawn(site.random) for _ in range(1 + 7 * (number % 3 == 0))]
        if len(sent) == 1:
            answer = site.ask("POST", f"training/projects/{project_id}/images", sent[0], tagIds=tags[number % 2])
        else:
            entries = [{"name": "a.png", "contents": base64.b64encode(data).decode()} for data in sent]
            body = {"images": entries, "tagIds": [tags[number % 2]]}
            answer = site.ask("POST", f"training/projects/{project_id}/images/files", body)
        with site.promises.lock:
            for data, told in zip(sent, answer["images"], strict=True):
                if told["status"] == "OK":
                    image_id = told["image"]["id"]
                    site.promises.images[project_id, image_id] = hashlib.sha256(data).hexdigest()
                    site.promises.tagged[image_id, tags[number % 2]] = True


def importing(site: Site) -> None:
    """`tagwise import` of folders."""
    for number in site.until_over():
        folder = site.app.folder / f"import-{site.random.getrandbits(48):012x}"
        made = [drawn(site.random) for _ in range(IMPORTED)]
        for each, data in enumerate(made):
            path = folder / ("rose" if each % 2 else "tulip") / f"{each}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        told = site.run("import", f"Imported {number % 3}", str(folder), "--type", "Multiclass", "--json")
        if told is None:
            return
        _promise_contents(site, json.loads(told)["id"], {blobs.sha256(data) for data in made})


def tagging_images(site: Site) -> None:
    """Tags given and taken through the API."""
    path = f"training/projects/{site.ids['Tagged']}/images/tags"
    for _ in site.until_over():
        chosen, tag_id = site.random.sample(site.images, 5), site.random.choice(site.tags["Tagged"])
        gives = site.random.random() < 0.6
        with site.promises.lock:
            for image_id in chosen:
                site.promises.tagged.pop((image_id, tag_id), None)
        if gives:
            site.ask("POST", path, {"tags": [{"imageId": image_id, "tagId": tag_id} for image_id in chosen]})
        else:
            site.ask("DELETE", path, imageIds=",".join(chosen), tagIds=tag_id)
        with site.promises.lock:
            site.promises.tagged |= {(image_id, tag_id): gives for image_id in chosen}


def training(site: Site) -> None:
    """Trainings through the API; one that runs already is waited for."""
    project_id = site.ids["Trained"]
    for _ in site.until_over():
        status, answer = site.app.ask("POST", f"training/projects/{project_id}/train", forceTrain="true")
        if status == 200:
            with site.promises.lock:
                site.promises.iterations[answer["id"]] = project_id
        elif answer["code"] != "BadRequestTrainingAlreadyInProgress":
            raise Refused(f"a training was refused: {answer}")
        time.sleep(0.3)


def training_by_command(site: Site) -> None:
    """`tagwise train`, which waits for the worker or is one."""
    for _ in site.until_over():
        if site.run("train", "Tagged", "--force", "--json") is None:
            return


def exporting(site: Site) -> None:
    """Exports through the API, in the background of the web process."""
    for _ in site.until_over():
        iteration_id = newest_trained(site, "Trained")
        path = f"training/projects/{site.ids['Trained']}/iterations/{iteration_id}/export"
        site.app.ask("POST", path, platform="TensorFlow", flavor="TensorFlowLite")
        for job in site.ask("GET", path):
            if job["status"] == "Done":
                name = job["downloadUri"].rpartition("/")[2]
                file = blobs.iteration_folder(site.app.home, iteration_id) / "exports" / name
                with site.promises.lock:
                    site.promises.zips.add(file)
                    site.promises.files[file] = sha256_of(file)
        time.sleep(0.5)


def exporting_by_command(site: Site) -> None:
    """`tagwise export` into a new folder: complete, or not there."""
    newest_trained(site, "Trained")
    for _ in site.until_over():
        folder = site.app.folder / "exports" / f"{site.random.getrandbits(48):012x}"
        told = site.run("export", "Trained", "tflite", str(folder))
        written = {path.name for path in folder.iterdir()} if folder.exists() else COMPLETE
        if not written >= COMPLETE:
            raise Refused(f"a half-written export: {sorted(written)}")
        if told is None:
            return
        with site.promises.lock:
            site.promises.files |= {path: sha256_of(path) for path in folder.iterdir()}


def packing(site: Site) -> None:
    """`tagwise pack` and `unpack` of what it wrote, and copies through the API."""
    for _ in site.until_over():
        file = site.app.folder / "packed" / f"{site.random.getrandbits(48):012x}.zip"
        file.parent.mkdir(exist_ok=True)
        with site.promises.lock:
            site.promises.zips.add(file)
        if site.run("pack", "Tagged", str(file), "--json") is None:
            return
        with site.promises.lock:
            site.promises.files[file] = sha256_of(file)
        told = site.run("unpack", str(file), "--name", f"Unpacked {file.stem}", "--json")
        if told is None:
            return
        project_id = json.loads(told)["id"]
        _promise_contents(site, project_id, _digests(site, "Tagged"))
        token = site.ask("GET", f"training/projects/{project_id}/export")["token"]
        copy = site.ask("POST", "training/projects/import", token=token, name=f"Copy {file.stem}")
        _promise_contents(site, copy["id"], _digests(site, "Tagged"))
        with site.promises.lock:
            del site.promises.contents[copy["id"]]
        site.ask("DELETE", f"training/projects/{copy['id']}")


def moving_in(site: Site) -> None:
    """`tagwise migrate` from a Custom Vision on this machine, again and again: it goes on where it was."""
    for _ in site.until_over():
        url, key = site.azure
        told = site.run("migrate", "--endpoint", url, "--training-key", key, "--json")
        if told is None:
            return
        for moved in json.loads(told):
            if not moved["complete"]:
                raise Refused(f"moving in is not complete: {moved}")
        time.sleep(1)


@dataclass(frozen=True)
class Activity:
    """What goes on, the longest time until the kill, and whether it needs an iteration of the project Trained."""

    run: Callable[[Site], None]
    most_s: float
    needs_iteration: bool = False


ACTIVITIES = {
    "uploading": Activity(uploading, 3),
    "importing": Activity(importing, 5),
    "tagging": Activity(tagging_images, 2),
    "training": Activity(training, 5),
    "training by command": Activity(training_by_command, 7),
    "exporting": Activity(exporting, 20, needs_iteration=True),
    "exporting by command": Activity(exporting_by_command, 25, needs_iteration=True),
    "packing and unpacking": Activity(packing, 8),
    "moving in": Activity(moving_in, 5),
}


def going_on(site: Site, name: str) -> threading.Thread:
    """Begin an activity in a thread of its own; its errors are noted unless the app was gone."""

    def run() -> None:
        try:
            with contextlib.suppress(*GONE):
                ACTIVITIES[name].run(site)
        except Exception as error:  # a thread's exceptions are seen by nobody
            site.errors.append(f"{name}: {error!r}")

    thread = threading.Thread(target=run, name=name)
    thread.start()
    return thread


def newest_trained(site: Site, name: str) -> str:
    """The id of a project's newest trained iteration, which is trained now if there is none."""
    path = f"training/projects/{site.ids[name]}"
    while True:
        found = [each["id"] for each in site.ask("GET", f"{path}/iterations") if each["status"] == "Completed"]
        if found:
            return str(found[0])
        site.app.ask("POST", f"{path}/train", forceTrain="true")
        time.sleep(0.3)


def _promise_contents(site: Site, project_id: str, digests: set[str]) -> None:
    with site.promises.lock:
        site.promises.contents[project_id] = site.promises.contents.get(project_id, set()) | digests


def _digests(site: Site, name: str) -> set[str]:
    """The contents of a project's images that were promised."""
    return {digest for (project_id, _), digest in site.promises.images.items() if project_id == site.ids[name]}
