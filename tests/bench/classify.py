"""Benchmark: how long a warm model takes to classify a photo over HTTP, for one client and for 8 at once.

`python tests/bench/classify.py KERAS_HOME IMAGES` makes a project from the two tag-named folders in IMAGES with
MobileNetV2, trains it, and sends it a photo many times. It prints milliseconds.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import requests
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"Training-Key": "t", "Prediction-Key": "p"}
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
    for ending in ("", "/nostore"):
        times = [timed(session, address + ending, data) for _ in range(REQUESTS)][5:]
        print(json.dumps({"call": "image" + ending, "bytes": len(data), **summary(times)}))
    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        times = list(pool.map(lambda _: timed(requests, address, data), range(CLIENTS * 20)))
        took_s = time.perf_counter() - started
    print(
        json.dumps(
            {"clients": CLIENTS, "answers": len(times), "per_s": round(len(times) / took_s, 1), **summary(times)}
        )
    )


def timed(session: Any, address: str, data: bytes) -> float:
    started = time.perf_counter()
    session.post(address, data=data, headers=KEYS, timeout=60).raise_for_status()
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
