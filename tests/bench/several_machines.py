"""Images embedded per second: by this machine's threads, and by a cluster's actors, also while a node dies.

    python tests/bench/several_machines.py [--images 6000] [--photos FOLDER] [--nodes 2]

The cluster is a real one on this machine, nodes of one core each, so that both sides have the same cores where there
are as many nodes as cores. In the last line a node is killed after a third of the images, and another one joins.
Starting the cluster is not counted, starting its actors is. The embeddings of all lines are compared byte by byte.
"""

from __future__ import annotations

import argparse
import io
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cvcore.cluster import connection
from cvcore.files import blobs
from cvcore.networks import architectures, backbones, embedding_cache
from cvcore.progress import silent
from cvcore.store import Store

SHARED = Path(__file__).resolve().parents[3] / "shared"
MEMORY_BYTES = 200 * 2**20


def main() -> None:
    arguments = parse()
    os.environ.update(connection.ENVIRONMENT)
    os.environ.pop("TAGWISE_RAY", None)
    with tempfile.TemporaryDirectory() as home:
        os.environ["TAGWISE_HOME"] = home
        store = Store(Path(home))
        digests = list(dict.fromkeys(written(store, data) for data in files(arguments.photos, arguments.images)))
        print(f"{len(digests):,} images, {os.cpu_count()} cores, {arguments.nodes} nodes of one core, load {load()}")
        alone = measured("this machine's threads", store, digests)
        nodes = cluster_of(arguments.nodes)
        os.environ["TAGWISE_RAY"] = nodes.address
        together = measured("the cluster's actors", store, digests)
        changing = measured("one node killed, another joins", store, digests, nodes)
        nodes.shutdown()
    assert alone == together == changing, "embeddings differ"
    print("all embeddings are the same, byte by byte")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--photos", type=Path, help="a folder of images; by default the shared photos, or drawn ones")
    parser.add_argument("--nodes", type=int, default=2)
    return parser.parse_args()


def files(folder: Path | None, count: int) -> Iterator[bytes]:
    """So many different files: the photos in turn, with other bytes behind the end, which no decoder reads."""
    photos = list(photos_in(folder)) or [drawn(seed) for seed in range(min(count, 500))]
    for number in range(count):
        yield photos[number % len(photos)] + str(number).encode()


def photos_in(folder: Path | None) -> Iterator[bytes]:
    if folder:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
                yield path.read_bytes()
        return
    for path in sorted(SHARED.glob("photos_*.tar")):
        with tarfile.open(path) as archive:
            yield from (archive.extractfile(member).read() for member in archive if member.isfile())


def drawn(seed: int) -> bytes:
    """A JPEG of random colours."""
    grain = np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(grain).resize((512, 384), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


def written(store: Store, data: bytes) -> str:
    digest = blobs.sha256(data)
    blobs.write(blobs.original_path(store.home, digest), data, durable=False)
    return digest


def cluster_of(count: int) -> Any:
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": MEMORY_BYTES, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=node)
    for _ in range(count - 1):
        nodes.add_node(**node)
    return nodes


def measured(title: str, store: Store, digests: list[str], changing: Any | None = None) -> dict[str, bytes]:
    """All embeddings; prints how many a second, and replaces a node of `changing` after a third."""
    built_in = backbones.prepare(
        architectures.NAME_BUILT_IN, backbones.built_in().side, blobs.backbones_folder(store.home)
    )
    found: dict[str, bytes] = {}
    started = time.perf_counter()
    for batch in embedding_cache.computed(store, built_in, digests, silent):
        found |= {digest: embedding.tobytes() for digest, embedding in batch.items()}
        if changing and len(found) * 3 >= len(digests):
            changing.remove_node(next(iter(changing.worker_nodes)), allow_graceful=False)
            changing.add_node(num_cpus=1, object_store_memory=MEMORY_BYTES)
            changing = None
    seconds = time.perf_counter() - started
    print(
        f"{title:32} {len(found):7,} of {len(digests):,} images   {len(found) / seconds:6.1f} images/s   load {load()}"
    )
    return found


def load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
