"""HDR pictures (PQ, HLG; BT.2020) as ordinary screens show them (sRGB), by a table of colours that Pillow applies.

Without it a picture of HDR looks grey and dull: its code values mean other light.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from functions.converter.media import PQ

EDGE = 33
"""Points of the table along each axis, as usual for tables of colours; between them Pillow interpolates."""

GREY_NITS, GREY = 26.0, 0.18
"""An 18 % grey card is 26 cd/m² in HDR (BT.2408, table 1). It stays an 18 % grey."""

PEAK_NITS = 1000.0
"""What becomes the screen's white: the peak of most masters, and HLG's nominal display. Brighter light is cut."""

HLG_GAMMA = 1.2
"""Of HLG's display at its nominal peak (BT.2100, table 5)."""

LUMINANCE = np.array([0.2627, 0.6780, 0.0593])
"""Of BT.2020's primaries."""

BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
)
"""Of linear light (BT.2087)."""

Light = npt.NDArray[np.float64]


def tone_mapped(image: Image.Image, transfer: int) -> Image.Image:
    """A picture of BT.2020 with the transfer characteristics PQ or HLG → sRGB."""
    return image.filter(_table(transfer))


@cache
def _table(transfer: int) -> ImageFilter.Color3DLUT:
    """Of each colour; Pillow's tables run through red first."""
    steps = np.linspace(0, 1, EDGE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    coded = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    nits = np.minimum(PEAK_NITS, _pq_nits(coded) if transfer == PQ else _hlg_nits(coded))
    shown = _srgb(np.clip(_rolled_off(nits) @ BT2020_TO_BT709.T, 0, 1))
    return ImageFilter.Color3DLUT(EDGE, shown.astype(np.float32).ravel().tolist())


def _pq_nits(coded: Light) -> Light:
    """SMPTE ST 2084's EOTF."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = coded ** (1 / m2)
    light: Light = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return light


def _hlg_nits(coded: Light) -> Light:
    """BT.2100's inverse OETF, then its OOTF: light of the scene → light of a display of 1000 cd/m²."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    luminance = (scene @ LUMINANCE)[:, None]
    nits: Light = PEAK_NITS * np.maximum(luminance, 1e-9) ** (HLG_GAMMA - 1) * scene
    return nits


def _rolled_off(nits: Light) -> Light:
    """Relative light of 0 to 1: luminance by Reinhard's curve with a white point, with the hue as it was."""
    white = PEAK_NITS * _SCALE
    luminance = np.maximum((nits @ LUMINANCE)[:, None] * _SCALE, 1e-9)
    light: Light = nits * _SCALE * (1 + luminance / white**2) / (1 + luminance)
    return light


_SCALE = GREY / (1 - GREY) / GREY_NITS
"""Keeps the grey card: far below the white point the curve is x / (1 + x)."""


def _srgb(light: Light) -> Light:
    """IEC 61966-2-1's encoding."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
