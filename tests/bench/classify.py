"""Benchmark: how long a warm model takes to classify a photo over HTTP, for one client and for 8 at once.

`python tests/bench/classify.py KERAS_HOME IMAGES` makes a project from the two tag-named folders in IMAGES with
MobileNetV2, trains it, and sends it a photo many times: as Custom Vision's clients and as Rekognition's, in turn.
It prints milliseconds. `by boto3` includes what boto3 itself does: it encodes, hashes and signs the photo.
"""

from __future__ import annotations

import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import requests
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"Training-Key": "t", "Prediction-Key": "p"}
AWS_KEYS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
S1 = "a1db07ca-a19a-4830-bae8-e004a42dc863"
REQUESTS = 60
CLIENTS = 8


def photo(size_bytes: int = 500_000) -> bytes:
    """A 4:3 JPEG of about that many bytes, with as much detail as a camera's."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((2000, 1500), Image.Resampling.BICUBIC)
    for quality in range(95, 5, -3):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        if file.tell() <= size_bytes:
            break
    return file.getvalue()


def main() -> None:
    keras_home, folder = sys.argv[1:]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as home:
        environ = os.environ | {"TAGWISE_HOME": home, "TAGWISE_TRAINING_KEY": "t", "TAGWISE_PREDICTION_KEY": "p"}
        environ |= {"TAGWISE_AWS_ACCESS_KEY_ID": AWS_KEYS[0], "TAGWISE_AWS_SECRET_ACCESS_KEY": AWS_KEYS[1]}
        environ |= {"KERAS_HOME": keras_home, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "cvcore.cli", "serve", "--port", url.rpartition(":")[2]]
        server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
        try:
            wait(url)
            measure(url, Path(folder))
        finally:
            server.terminate()
            server.wait()


def measure(url: str, folder: Path) -> None:
    session = requests.Session()
    session.headers.update(KEYS)
    training = f"{url}/customvision/v3.3/training/projects"

    def ask(method: str, address: str, **arguments: Any) -> Any:
        answer = session.request(method, address, timeout=300, **arguments)
        answer.raise_for_status()
        return answer.json()

    project = ask("POST", f"{training}?name=bench&domainId={S1}")["id"]
    for tagged in sorted(folder.iterdir()):
        tag = ask("POST", f"{training}/{project}/tags?name={tagged.name}")["id"]
        for path in sorted(tagged.iterdir())[:10]:
            ask("POST", f"{training}/{project}/images?tagIds={tag}", data=path.read_bytes())
    started = time.perf_counter()
    iteration = ask("POST", f"{training}/{project}/train")
    while iteration["status"] == "Training":
        time.sleep(0.2)
        iteration = ask("GET", f"{training}/{project}/iterations/{iteration['id']}")
    print(json.dumps({"status": iteration["status"], "train_s": round(time.perf_counter() - started, 1)}))
    ask("POST", f"{training}/{project}/iterations/{iteration['id']}/publish?publishName=m&predictionId=x")
    address = f"{url}/customvision/v3.0/prediction/{project}/classify/iterations/m/image"
    data = photo()
    calls: dict[str, Callable[[], Any]] = {
        f"Custom Vision: image{ending}": partial(post, session, address + ending, data) for ending in ("", "/nostore")
    }
    calls |= rekognition_calls(url, data)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(REQUESTS):
        for name, call in calls.items():
            times[name].append(timed(call))
    for name, measured in times.items():
        print(json.dumps({"call": name, "bytes": len(data), **summary(measured[5:])}))
    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        together = list(pool.map(lambda _: timed(partial(post, requests, address, data)), range(CLIENTS * 20)))
        per_s = round(len(together) / (time.perf_counter() - started), 1)
    print(json.dumps({"clients": CLIENTS, "answers": len(together), "per_s": per_s, **summary(together)}))


def rekognition_calls(url: str, data: bytes) -> dict[str, Callable[[], Any]]:
    """Calls that ask Rekognition's API: by boto3, and by sending again the request that boto3 made."""
    keys = {"aws_access_key_id": AWS_KEYS[0], "aws_secret_access_key": AWS_KEYS[1]}
    client = boto3.client("rekognition", endpoint_url=url, region_name="eu-west-1", **keys)
    project = client.describe_projects()["ProjectDescriptions"][0]["ProjectArn"]
    version = client.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"][0]["ProjectVersionArn"]
    client.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)
    sent: list[Any] = []
    client.meta.events.register("before-send.rekognition.DetectCustomLabels", lambda request, **_: sent.append(request))
    by_boto3 = partial(client.detect_custom_labels, ProjectVersionArn=version, Image={"Bytes": data}, MinConfidence=0)
    by_boto3()
    session, request = requests.Session(), sent[0]
    again = partial(session.post, url, data=request.body, headers=dict(request.headers.items()), timeout=60)
    return {"Rekognition: by boto3": by_boto3, "Rekognition": lambda: again().raise_for_status()}


def post(session: Any, address: str, data: bytes) -> None:
    session.post(address, data=data, headers=KEYS, timeout=60).raise_for_status()


def timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def summary(times: list[float]) -> dict[str, float]:
    return {"median_ms": round(statistics.median(times), 1), "max_ms": round(max(times), 1)}


def wait(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.2)


if __name__ == "__main__":
    main()
