"""What ffmpeg writes of frames and packets, as numbers."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class Packet:
    """``time_s`` as the file has it."""

    time_s: float
    size: int


def read_times(path: Path, frame_rate: float) -> list[float]:
    """Seconds from the first frame to each; by ``frame_rate`` where the file's own do not ascend or are not there."""
    lines = path.read_text().splitlines()
    times = [time_s for line in lines if (time_s := _seconds(*line.split())) is not None]
    if len(times) == len(lines) and times == sorted(times):
        return [time_s - times[0] for time_s in times]
    return [number / (frame_rate or 1.0) for number in range(len(lines))]


def _seconds(ticks: str = "", time_base: str = "") -> float | None:
    try:
        return float(int(ticks) * Fraction(time_base))
    except (ValueError, ZeroDivisionError):
        return None


def read_packets(path: Path) -> list[Packet]:
    """From a table of the muxer ``framecrc``; packets without a time are left out."""
    packets, time_base = [], Fraction(1)
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            time_base = Fraction(line.partition(": ")[2]) if line.startswith("#tb") else time_base
            continue
        _stream, decoded, shown, _duration, size = (word.strip() for word in line.split(",")[:5])
        ticks = shown if _is_number(shown) else decoded
        if _is_number(ticks):
            packets.append(Packet(float(int(ticks) * time_base), int(size)))
    return packets


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdecimal()


def bit_rates(packets: list[Packet], duration_s: float) -> list[float]:
    """Bits a second in each second of a film; what is left of less than half a second belongs to the one before."""
    if not packets:
        return []
    count = max(1, int(duration_s + 0.5))
    start_s = min(packet.time_s for packet in packets)
    sums = [0] * count
    for packet in packets:
        sums[min(count - 1, int(packet.time_s - start_s))] += packet.size
    last_s = duration_s - (count - 1)
    return [8.0 * size for size in sums[:-1]] + [8 * sums[-1] / last_s if last_s > 0 else 8.0 * sums[-1]]
