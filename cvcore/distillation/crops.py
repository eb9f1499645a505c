"""Fresh crops of photos, cut on the device: parts of them, mirrored, turned, in another light, two mixed.

No crop is ever seen twice, so the student cannot learn the teachers' answers by heart.
"""

from __future__ import annotations

import math
from typing import Any

# Shares of the crops that are changed in each way, and how far.
WHOLE, AREA_LEAST, ASPECT_MOST = 0.2, 0.2, 4 / 3
TURNED, TURN_MOST = 0.1, math.pi / 8
LIT, BRIGHTNESS, CONTRAST, SATURATION, TINT = 0.6, 0.4, 0.4, 0.5, 0.1
GREY = 0.05
MIXED, MIXED_MOST = 0.3, 0.5

LIGHT = (0.299, 0.587, 0.114)  # of red, green and blue, Rec. 601

Tensor = Any  # torch's own: the package can be imported without it


def cut(photos: Tensor, side: int, generator: Any) -> Tensor:
    """One crop of each photo, uint8 (n, height, width, 3): float32 (n, 3, side, side), RGB 0..255."""
    from torch.nn import functional

    pixels = photos.permute(0, 3, 1, 2).float()
    grid = functional.affine_grid(_places(len(pixels), pixels.device, generator), [len(pixels), 3, side, side], False)
    crops = functional.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
    return _mixed(_lit(crops, generator), generator)


def _places(count: int, device: Any, generator: Any) -> Tensor:
    """Where each crop lies in its photo: (n, 2, 3), the affine maps that `affine_grid` takes, -1..1 being the photo."""
    import torch

    def uniform() -> Tensor:
        return torch.rand(count, device=device, generator=generator)

    is_whole = uniform() < WHOLE
    area = torch.where(is_whole, 1.0, AREA_LEAST + (1 - AREA_LEAST) * uniform())
    aspect = torch.where(is_whole, 0.0, (2 * uniform() - 1) * math.log(ASPECT_MOST)).exp()
    width, height = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    left, top = (2 * uniform() - 1) * (1 - width), (2 * uniform() - 1) * (1 - height)
    mirrored = torch.where(uniform() < 0.5, -width, width)
    angle = torch.where(uniform() < TURNED, (2 * uniform() - 1) * TURN_MOST, 0.0)
    across = torch.stack([mirrored * angle.cos(), -mirrored * angle.sin(), left], dim=1)
    down = torch.stack([height * angle.sin(), height * angle.cos(), top], dim=1)
    return torch.stack([across, down], dim=1)


def _lit(crops: Tensor, generator: Any) -> Tensor:
    """In another light, and with paler or stronger colours, most of them."""
    import torch

    def uniform(channels: int = 1) -> Tensor:
        return torch.rand(len(crops), channels, 1, 1, device=crops.device, generator=generator)

    is_lit = (uniform() < LIT).float()
    brightness, contrast, saturation = (
        1 + is_lit * (2 * uniform() - 1) * most for most in (BRIGHTNESS, CONTRAST, SATURATION)
    )
    tint = 1 + is_lit * (2 * uniform(3) - 1) * TINT
    saturation = torch.where(uniform() < GREY, 0.0, saturation)
    crops = crops * brightness * tint
    mean = crops.mean((1, 2, 3), keepdim=True)
    crops = (crops - mean) * contrast + mean
    weights = torch.tensor(LIGHT, device=crops.device)[None, :, None, None]
    grey = (crops * weights).sum(1, keepdim=True)
    return ((crops - grey) * saturation + grey).clamp(0, 255)


def _mixed(crops: Tensor, generator: Any) -> Tensor:
    """Some with a little of another one: the teachers answer for the mixture, so it has a right answer."""
    import torch

    share, how_much = torch.rand(2, len(crops), 1, 1, 1, device=crops.device, generator=generator)
    mixed = torch.where(share < MIXED, how_much * MIXED_MOST, 0.0)
    return crops * (1 - mixed) + crops.flip(0) * mixed
