"""What the stages of a conversion use, made once for each process."""

from dataclasses import dataclass

from functions.converter.inspection import Inspector
from functions.converter.slots import EncodeSlots
from functions.shared.repository import Transactions
from functions.shared.settings import Settings
from functions.shared.storage import Storage


@dataclass(frozen=True)
class Deps:
    """The parts that are shared by all attempts."""

    settings: Settings
    transactions: Transactions
    storage: Storage
    inspector: Inspector
    slots: EncodeSlots
