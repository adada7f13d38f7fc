"""The judge of the picture: what damage does to frames is told with the frame where it is, what encoders do is not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from functions.converter import framecheck
from functions.converter.framecheck import BLOCK, compare_frames
from functions.converter.tinypictures import FRAME_BYTES, SIDE, FrameFigures, allowance

Frames = npt.NDArray[np.float64]
Change = Callable[[Frames], Frames]

FRAMES = 40
LUMA = SIDE * SIDE
BLACK, GREEN = (16.0, 128.0), (145.0, 54.0)
"""Luma and chroma; green is what a decoder shows of samples that are all zero."""


def film(frames: int = FRAMES, *, speed: float = 2.0) -> Frames:
    """A bright bar that wanders over a gradient, so many samples a frame."""
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    pictures = []
    for number in range(frames):
        bar = np.exp(-(((column - number * speed) % SIDE - SIDE / 2) ** 2) / 20)
        luma = 40 + 2 * row + column + 90 * bar
        chroma = np.concatenate([110 + luma[::2, ::2].ravel() / 16, 140 - luma[::2, ::2].ravel() / 16])
        pictures.append(np.concatenate([luma.ravel(), chroma]))
    return np.array(pictures).reshape(frames, FRAME_BYTES)


def written(path: Path, frames: Frames) -> Path:
    path.write_bytes(np.clip(np.rint(frames), 0, 255).astype(np.uint8).tobytes())
    return path


def compared(folder: Path, source: Frames, result: Frames) -> FrameFigures:
    return compare_frames(written(folder / "source.thumbs", source), written(folder / "result.thumbs", result))


def painted(number: int, colour: tuple[float, float]) -> Change:
    def paint(frames: Frames) -> Frames:
        frames[number, :LUMA], frames[number, LUMA:] = colour
        return frames

    return paint


def swapped(frames: Frames) -> Frames:
    frames[[20, 21]] = frames[[21, 20]]
    return frames


def frozen(frames: Frames) -> Frames:
    frames[20:30] = frames[20]
    return frames


def late(frames: Frames) -> Frames:
    """Each frame is shown a frame too late; their number is right."""
    return np.concatenate([frames[:1], frames[:-1]])


def early(frames: Frames) -> Frames:
    return np.concatenate([frames[1:], frames[-1:]])


def stuck_at_the_end(frames: Frames) -> Frames:
    frames[-2] = frames[-1]
    return frames


def narrowed(frames: Frames) -> Frames:
    """Full range written as if it were limited."""
    return np.concatenate([16 + frames[:, :LUMA] * 219 / 255, 128 + (frames[:, LUMA:] - 128) * 224 / 255], axis=1)


def widened(frames: Frames) -> Frames:
    """Limited range stretched to full."""
    return np.concatenate([(frames[:, :LUMA] - 16) * 255 / 219, 128 + (frames[:, LUMA:] - 128) * 255 / 224], axis=1)


def brighter(levels: float) -> Change:
    return lambda frames: frames + np.where(np.arange(FRAME_BYTES) < LUMA, levels, 0.0)


def noisy(levels: float) -> Change:
    """Errors of an encoder: small, and of both signs."""
    dice = np.random.default_rng(265)
    return lambda frames: frames + dice.normal(0, levels, frames.shape)


DAMAGE: dict[str, tuple[Change, str]] = {
    "dropped": (lambda frames: np.delete(frames, 20, axis=0), "frame 20 shows frame 21 of the source"),
    "doubled": (lambda frames: np.insert(frames, 20, frames[20], axis=0), "frame 21 shows frame 20 of the source"),
    "swapped": (swapped, "frame 20 shows frame 21 of the source"),
    "frozen": (frozen, "frame 21 shows frame 20 of the source"),
    "late": (late, "frame 1 shows frame 0 of the source"),
    "early": (early, "frame 0 shows frame 1 of the source"),
    "two last frames the same": (stuck_at_the_end, f"frame {FRAMES - 2} shows frame {FRAMES - 1} of the source"),
    "green": (painted(20, GREEN), "frame 20 differs from its source frame by "),
    "black": (painted(20, BLACK), "frame 20 differs from its source frame by "),
    "black at the end": (painted(FRAMES - 1, BLACK), f"frame {FRAMES - 1} differs from its source frame by "),
    "black at the beginning": (painted(0, BLACK), "frame 0 differs from its source frame by "),
    "narrowed": (narrowed, "the range is shifted: contrast 0.859"),
    "widened": (widened, "the range is shifted: contrast 1.164"),
    "brighter": (brighter(8), "brightness +8.0 levels"),
    "darker": (brighter(-8), "brightness -8.0 levels"),
    "last frames missing": (lambda frames: frames[:-5], f"{FRAMES - 5} frames instead of {FRAMES}"),
    "first frames missing": (lambda frames: frames[2:], "frame 0 shows frame 2 of the source"),
    "far more missing at the beginning": (lambda frames: frames[10:], "frame 0 differs from its source frame by "),
    "frames added": (lambda frames: np.concatenate([frames, frames[:3]]), f"{FRAMES + 3} frames instead of {FRAMES}"),
    "nothing left": (lambda frames: frames[:0], f"0 frames instead of {FRAMES}"),
    "another film": (lambda frames: frames[:, ::-1], "frame 0 differs from its source frame by "),
}


@pytest.mark.parametrize(("change", "said"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_told_with_the_frame_where_it_is(tmp_path: Path, change: Change, said: str) -> None:
    faults = compared(tmp_path, film(), change(film())).faults
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize("name", ["dropped", "doubled", "swapped", "frozen", "green", "black"])
def test_damage_is_found_behind_the_noise_of_an_encoder(tmp_path: Path, name: str) -> None:
    change, said = DAMAGE[name]
    faults = compared(tmp_path, film(), noisy(3)(change(film()))).faults
    assert any(said in fault for fault in faults), faults


def test_noise_that_an_encoder_removes_is_no_loss_of_contrast(tmp_path: Path) -> None:
    dice = np.random.default_rng(265)
    kept, removed = (128 + dice.normal(0, 10, film().shape), dice.normal(0, 5, film().shape))
    assert compared(tmp_path, kept + removed, kept).faults == ()


@pytest.mark.parametrize("change", [narrowed, widened])
def test_another_range_is_told_although_noise_was_removed(tmp_path: Path, change: Change) -> None:
    (fault,) = compared(tmp_path, noisy(5)(film()), change(film())).faults
    assert fault.startswith("the range is shifted")


def test_a_picture_that_was_lost_in_gray_is_told(tmp_path: Path) -> None:
    low = 128 + (film() - 128) / 6
    gray = 128 + noisy(2)(np.zeros(low.shape))
    assert compared(tmp_path, low, gray).faults


@pytest.mark.parametrize("at", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_damage_is_found_wherever_the_blocks_end(tmp_path: Path, at: int) -> None:
    frames = film(2 * BLOCK + 10)
    result = frames.copy()
    result[[at, at + 1]] = result[[at + 1, at]]
    (fault,) = compared(tmp_path, frames, result).faults
    assert fault.startswith(f"frame {at} shows frame {at + 1} of the source")


def test_only_the_first_wrong_frame_is_told_and_the_worst_is_measured(tmp_path: Path) -> None:
    result = painted(30, BLACK)(painted(10, GREEN)(film()))
    figures = compared(tmp_path, film(), result)
    (fault,) = figures.faults
    assert fault.startswith("frame 10 differs")
    assert figures.worst_frame in (10, 30)
    assert figures.worst_rms > framecheck.DIFFERENT_RMS > figures.mean_rms


CLEAN: dict[str, tuple[Frames, Change]] = {
    "the same": (film(), lambda frames: frames),
    "a lossy encoder": (film(), noisy(3)),
    "a poor encoder": (film(), noisy(6)),
    "a slow film": (film(speed=0.05), noisy(2)),
    "a static film": (film(speed=0), noisy(2)),
    "one frame": (film(1), noisy(2)),
    "two frames": (film(2), noisy(2)),
    "a black film": (painted(0, BLACK)(film(1)).repeat(30, axis=0), noisy(1)),
    "a white film": (np.full((30, FRAME_BYTES), 235.0), noisy(1)),
    "a flash": (painted(20, (235.0, 128.0))(film()), noisy(3)),
    "every frame twice": (film().repeat(2, axis=0), noisy(2)),
    "slightly brighter": (film(), brighter(2)),
    "no frame": (film(0), lambda frames: frames),
}


@pytest.mark.parametrize(("source", "change"), CLEAN.values(), ids=CLEAN.keys())
def test_a_clean_film_has_no_fault(tmp_path: Path, source: Frames, change: Change) -> None:
    figures = compared(tmp_path, source, change(source.copy()))
    assert figures.faults == ()
    assert figures.frames == len(source)


def test_a_perfect_result_measures_nothing(tmp_path: Path) -> None:
    figures = compared(tmp_path, film(), film())
    assert (figures.mean_rms, figures.worst_rms, figures.gain, figures.offset) == (0.0, 0.0, 1.0, 0.0)
    assert figures.as_json()["faults"] == []


def test_the_figures_are_levels_of_the_samples(tmp_path: Path) -> None:
    figures = compared(tmp_path, film(), film() + 3)
    assert (figures.mean_rms, figures.worst_rms) == pytest.approx((3.0, 3.0), abs=0.01)
    assert (figures.gain, figures.offset) == pytest.approx((1.0, 3.0), abs=0.01)


def test_a_frame_that_is_cut_off_is_none(tmp_path: Path) -> None:
    source = written(tmp_path / "source.thumbs", film())
    result = written(tmp_path / "result.thumbs", film())
    result.write_bytes(result.read_bytes()[:-100])
    assert compare_frames(source, result).faults == (f"{FRAMES - 1} frames instead of {FRAMES}",)


@pytest.mark.parametrize(("crf", "pixels", "allowed"), [(26, 10**6, 0), (36, 10**6, 0), (51, 10**6, 36), (36, 256, 24)])
def test_the_coarser_an_encode_and_the_smaller_the_picture_the_more_it_may_differ(
    crf: float, pixels: int, allowed: float
) -> None:
    assert allowance(crf, pixels) == pytest.approx(allowed)


def test_what_a_coarse_encode_leaves_out_is_no_fault_but_a_green_frame_is(tmp_path: Path) -> None:
    source = written(tmp_path / "source.thumbs", film())
    coarse = written(tmp_path / "coarse.thumbs", film() + 17)
    assert any("frame 0 differs" in fault for fault in compare_frames(source, coarse).faults)
    assert not any("frame" in fault for fault in compare_frames(source, coarse, allowance(51, 10**6)).faults)
    green = written(tmp_path / "green.thumbs", painted(5, GREEN)(film()))
    assert "frame 5" in compare_frames(source, green, allowance(45, 10**6)).faults[0]
