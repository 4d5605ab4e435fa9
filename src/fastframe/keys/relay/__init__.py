"""The relay: carries what members say to each other, and can read none of it."""

from fastframe.keys.relay.limits import Limits
from fastframe.keys.relay.log import log_to
from fastframe.keys.relay.service import Relay

__all__ = ["Limits", "Relay", "log_to"]
