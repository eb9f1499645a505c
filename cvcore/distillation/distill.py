"""Makes the built-in network's files again, from photos and MobileNetV2.

    pip install torch
    python -m cvcore.distillation.distill PHOTOS WORK --hours 2 [--classifier FILE.npz]

PHOTOS is a folder or a tar of photos, no tags needed; WORK holds gigabytes and can be thrown away afterwards. Every
step resumes where it was stopped: the teacher runs on crops (`crops`), the student is trained for `--hours`
(`student`), and its files are written into WORK/builtin (`packing`). Copy them to `cvcore/networks/builtin` if
`tests/bench/backbones.py` finds them better. On a GPU, if PyTorch finds one.
"""

from __future__ import annotations

import argparse
import tarfile
from pathlib import Path

from cvcore.distillation import crops, packing, student


def main() -> None:
    """Run the teacher, train the student, and pack it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--classifier", type=Path)
    options = parser.parse_args()
    photos = options.photos
    if photos.is_file():
        photos = options.work / "photos"
        if not photos.exists():
            unpacked = photos.with_suffix(".new")
            with tarfile.open(options.photos) as archive:
                archive.extractall(unpacked, filter="data")
            unpacked.rename(photos)
    crops.make(photos, options.work, options.classifier)
    student.train(options.work, options.hours)
    packing.pack(options.work, options.work / "builtin")


if __name__ == "__main__":
    main()
