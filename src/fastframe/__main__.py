"""python -m fastframe: the same as the fastframe command."""

import sys

from fastframe.cli import main

sys.exit(main())
