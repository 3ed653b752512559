"""`python -m rnnwidgets` is the command `rnnwidgets`."""

import sys

from rnnwidgets.cli import main

sys.exit(main())
