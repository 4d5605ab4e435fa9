"""Why frames do not open, in plain words: diagnose()."""

from fastframe.diagnosis.consult import diagnose
from fastframe.diagnosis.findings import Cause, Diagnosis, Finding

__all__ = ["Cause", "Diagnosis", "Finding", "diagnose"]
