"""Previews of HDR look like the film on an ordinary screen: grey is grey, white is white, black is black."""

import numpy as np
import pytest
from PIL import Image

from functions.converter.media import HLG, PQ
from functions.converter.tonemap import tone_mapped

GREY_CODES = {PQ: 97, HLG: 97}
"""8-bit codes of 26 cd/m², an 18 % grey card: 38 % of the signal in both (BT.2408, table 1)."""

WHITE_CODES = {PQ: 148, HLG: 191}
"""Of 203 cd/m², a sheet of white paper: 58 % and 75 %."""


def shown(transfer: int, *code: int) -> tuple[int, ...]:
    """What becomes of one colour."""
    pixel = tone_mapped(Image.new("RGB", (1, 1), code), transfer).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return tuple(int(value) for value in pixel)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_greys_are_as_bright_as_in_ordinary_video(transfer: int) -> None:
    black, grey, white = (shown(transfer, *[code] * 3) for code in (0, GREY_CODES[transfer], WHITE_CODES[transfer]))
    assert black == (0, 0, 0)
    assert all(abs(value - 118) <= 8 for value in grey)  # 18 % in sRGB
    assert all(190 <= value <= 235 for value in white)
    assert max(grey) - min(grey) <= 1


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_what_is_brighter_stays_brighter(transfer: int) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None, :].repeat(3, 0).T.reshape(1, 256, 3).copy(), "RGB")
    got = np.asarray(tone_mapped(ramp, transfer))[0, :, 1].astype(int)
    assert (np.diff(got) >= 0).all()
    assert got[-1] >= 250


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_colours_keep_their_hue_and_become_no_greyer(transfer: int, channel: int) -> None:
    code = [60, 60, 60]
    code[channel] = 120
    got = shown(transfer, *code)
    others = [value for number, value in enumerate(got) if number != channel]
    assert got[channel] - max(others) > 60
