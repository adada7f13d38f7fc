"""Whether an encoded track sounds like its source: the loudness of both in steps of 10 ms, side by side.

An encoder changes each sample, but not when it is loud and when it is silent. Decoding and measuring a stereo track
takes about 0.1 % of its playing time, encoding it as AAC 1 to 2 %.
"""

from contextlib import suppress
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from functions.converter.inspector.opening import Refused, open_media, packets

STEP_S = 0.01
FLOOR = 1e-6
"""Power below which everything is silence: -60 dB of full scale, under the noise that AAC leaves."""

WINDOW = 1000
"""Steps that are judged together: sound that drifts away from the picture shows in some of them."""

FURTHEST = 25
"""Steps by which sound is looked for around its place."""

ENOUGH = 50
"""Fewer steps of a window that are no silence tell nothing of it."""

LONGEST = 24 * 3600 * 100
"""Steps of the longest film; what claims a later time is left out."""

BATCH = 64
KINDS = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
"""numpy's names for libav's formats of samples (libavutil/samplefmt.h)."""

Steps = npt.NDArray[np.float64]


def compare_sound(
    fds: list[int], request: dict[str, Any], tracks: tuple[int, int], starts_s: tuple[float, float]
) -> dict[str, Any]:
    """How far a track of the result (the second index) is from that of the source (the first).

    ``starts_s``: when their pictures begin. ``source`` and ``result``: when the sound begins and ends, from there on.
    """
    wanted = _Loudness(open_media(fds[0], request["source"]), tracks[0], starts_s[0])
    got = _Loudness(open_media(fds[1], request["output"]), tracks[1], starts_s[1])
    return distance(wanted.decibels(), got.decibels()) | {"source": wanted.span(), "result": got.span()}


class _Loudness:
    """Mean power of all channels in each step, counted from when the picture begins."""

    def __init__(self, container: Any, index: int, origin_s: float) -> None:
        self._power: Steps = np.zeros(WINDOW)
        self._count: Steps = np.zeros(WINDOW)
        self._origin_s = origin_s
        self.start_s: float | None = None
        self.end_s = 0.0
        self._waiting: list[npt.NDArray[np.float64]] = []
        self._from_s = 0.0
        self._rate = 1
        for frame in _decoded(container, container.streams[index]):
            self._add(frame)
        self._flush()

    def span(self) -> list[float]:
        """When the sound begins and ends, from the beginning of the picture."""
        return [round(self.start_s or 0.0, 6), round(self.end_s, 6)]

    def decibels(self) -> Steps:
        mean = np.divide(self._power, self._count, out=np.zeros_like(self._power), where=self._count > 0)
        return np.asarray(10 * np.log10(np.maximum(mean, FLOOR)))

    def _add(self, frame: Any) -> None:
        at = self.end_s if frame.pts is None else float(frame.pts * frame.time_base) - self._origin_s
        if self.start_s is None:
            self.start_s = at
        jumped = abs(at - self.end_s) > STEP_S / 4
        if jumped or len(self._waiting) >= BATCH or frame.sample_rate != self._rate:
            self._flush()
        if not self._waiting:
            self._from_s, self._rate = at, frame.sample_rate
        self._waiting.append(_power(frame))
        self.end_s = at + frame.samples / frame.sample_rate

    def _flush(self) -> None:
        if not self._waiting:
            return
        power = np.concatenate(self._waiting)
        self._waiting = []
        steps = np.floor((self._from_s + np.arange(len(power)) / self._rate) / STEP_S + 1e-6).astype(np.int64)
        inside = (steps >= 0) & (steps < LONGEST)
        if not inside.any():
            return
        steps, power = steps[inside], power[inside]
        self._grow(int(steps[-1]) + 1)
        first = int(steps[0])
        sums = np.bincount(steps - first, power)
        self._power[first : first + len(sums)] += sums
        self._count[first : first + len(sums)] += np.bincount(steps - first)

    def _grow(self, steps: int) -> None:
        if steps > len(self._power):
            more = max(steps, 2 * len(self._power)) - len(self._power)
            self._power = np.pad(self._power, (0, more))
            self._count = np.pad(self._count, (0, more))


def _decoded(container: Any, stream: Any) -> Any:
    with suppress(Refused):
        for packet in packets(container):
            if packet.stream.index != stream.index:
                continue
            with suppress(av.error.FFmpegError):
                yield from packet.decode()


def _power(frame: Any) -> npt.NDArray[np.float64]:
    """Of each sample, 1 for full scale."""
    samples = _samples(frame)
    if samples.dtype == np.uint8:
        samples = samples.astype(np.float32) - 128
        scale = 128.0
    else:
        scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "i" else 1.0
    return np.asarray(np.square(samples.astype(np.float32) / scale).mean(axis=0), np.float64)


def _samples(frame: Any) -> npt.NDArray[Any]:
    """A row for each channel. PyAV's ``to_ndarray`` crashes on eight planes, as it reads on to a ninth."""
    channels = frame.layout.nb_channels
    kind = KINDS[frame.format.packed.name]
    if not frame.format.is_planar:
        return np.frombuffer(frame.planes[0], kind, frame.samples * channels).reshape(-1, channels).T
    return np.stack([np.frombuffer(plane, kind, frame.samples) for plane in frame.planes[:channels]])


def distance(wanted: Steps, got: Steps) -> dict[str, Any]:
    """How far two courses of loudness are apart, in dB: of the whole, and of the window where it is worst.

    ``shift_s``: by how much the result is late in the window where another place fits best; ``at_s`` and
    ``shifted_db`` are the distances there in place and shifted.
    """
    steps = -(-max(len(wanted), len(got)) // WINDOW) * WINDOW
    floor = 10 * np.log10(FLOOR)
    a, b = (np.pad(one, (0, steps - len(one)), constant_values=floor) for one in (wanted, got))
    padded = np.pad(b, FURTHEST, constant_values=floor)
    heard = (np.maximum(a, b) > floor).reshape(-1, WINDOW).sum(axis=1)
    weight = np.maximum(1, heard)
    lags = range(-FURTHEST, FURTHEST + 1)
    by_lag = np.stack(
        [
            np.abs(a - padded[FURTHEST + lag : FURTHEST + lag + steps]).reshape(-1, WINDOW).sum(axis=1) / weight
            for lag in lags
        ]
    )
    by_lag[:, heard < ENOUGH] = 0
    in_place = by_lag[FURTHEST]
    best = by_lag.argmin(axis=0)
    gain = in_place - by_lag.min(axis=0)
    worst, shifted = int(in_place.argmax()), int(gain.argmax())
    return {
        "db": round(float((in_place * weight).sum() / weight.sum()), 3),
        "worst_db": round(float(in_place[worst]), 3),
        "worst_at_s": round(worst * WINDOW * STEP_S, 2),
        "shift_s": round((int(best[shifted]) - FURTHEST) * STEP_S, 3),
        "shift_at_s": round(shifted * WINDOW * STEP_S, 2),
        "in_place_db": round(float(in_place[shifted]), 3),
        "shifted_db": round(float(by_lag[best[shifted], shifted]), 3),
    }
