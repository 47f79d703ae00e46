"""`python -m generator` is the `catalog` command."""

import sys

from generator.cli import main

sys.exit(main())
